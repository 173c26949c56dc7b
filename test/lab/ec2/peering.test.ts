import assert from "node:assert/strict";
import { ResourceInitFailed } from "../../../wire/resource-init-failed";
import type { PropertyMap } from "../../../wire/property-value";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { type Account, type Resource, urnOf } from "../../support/account-in-memory";
import { Network } from "./network";

const DNS = { allowRemoteVpcDnsResolution: true };

describe("peering connections in the lab", () => {
  let a: Network;
  let b: Network;
  let account: Account;
  const both = (): PropertyMap => ({ vpcId: a.vpc.id, peerVpcId: b.vpc.id });
  beforeEach(async () => {
    a = await Network.make();
    account = a.account;
    b = await Network.make(account, "10.2");
  });

  describe("that cannot be", () => {
    const failed = async (name: string, inputs: PropertyMap): Promise<Resource> => {
      const error: unknown = await account.create(EC2.peering, name, inputs).catch((failure: unknown) => failure);
      if (!(error instanceof ResourceInitFailed)) throw error;
      assert.match(
        error.message,
        /^waiting for EC2 VPC Peering Connection \(pcx-\w{17}\) create: unexpected state 'failed', wanted target 'active, pending-acceptance'\. last error: Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range$/,
      );
      return {
        urn: urnOf(EC2.peering, name),
        id: error.id,
        inputs: account.check(EC2.peering, name, inputs),
        outputs: error.outputs,
      };
    };

    it("fail when AWS has taken the request, and are kept as such: CIDRs overlap, the VPC is the same, there is none", async () => {
      const inside = await account.create(EC2.vpc, "w", { cidrBlock: "10.1.128.0/17" });
      for (const peerVpcId of [inside.id, a.vpc.id, "vpc-0"]) {
        const peering = await failed("p", { vpcId: a.vpc.id, peerVpcId, autoAccept: true });
        assert.equal(peering.outputs["acceptStatus"], "failed");
        // Another try finds what is wrong again.
        await assert.rejects(
          account.update(peering, { vpcId: a.vpc.id, peerVpcId, autoAccept: true }),
          /unexpected state 'failed'/,
        );
        // To the provider one that failed is not there, to the API it is.
        assert.equal(account.refresh(peering), undefined);
        await assert.rejects(
          account.create(EC2.peeringAccepter, "acc", { vpcPeeringConnectionId: peering.id, autoAccept: true }),
          /reading EC2 VPC Peering Connection \(pcx-\w+\): couldn't find resource/,
        );
      }
    });

    it("keep no VPC from being deleted, and go with it", async () => {
      const inside = await account.create(EC2.vpc, "w", { cidrBlock: "10.1.128.0/17" });
      await failed("p", { vpcId: a.vpc.id, peerVpcId: inside.id });
      await account.delete(inside);
      assert.deepEqual(
        account.backend.list().filter(({ type }) => type === EC2.peering),
        [],
      );
      // One that has not failed does.
      await account.create(EC2.peering, "q", both());
      for (const resource of [b.group, b.subnet]) await account.delete(resource);
      await assert.rejects(account.delete(b.vpc), /DependencyViolation/);
    });

    it("keep no other from being made", async () => {
      const inside = await account.create(EC2.vpc, "w", { cidrBlock: "10.1.128.0/17" });
      await failed("p", { vpcId: a.vpc.id, peerVpcId: inside.id });
      await failed("q", { vpcId: a.vpc.id, peerVpcId: inside.id });
    });
  });

  it("are one for two VPCs, whoever asks", async () => {
    await account.create(EC2.peering, "p", both());
    const says = /api error VpcPeeringConnectionAlreadyExists: /;
    await assert.rejects(account.create(EC2.peering, "q", both()), says);
    await assert.rejects(account.create(EC2.peering, "r", { vpcId: b.vpc.id, peerVpcId: a.vpc.id }), says);
  });

  it("are refused in the provider's own words, with nothing before them", async () => {
    await assert.rejects(
      account.create(EC2.peering, "p", { ...both(), peerRegion: "us-east-1", autoAccept: true }),
      (error: Error) => {
        assert.equal(
          error.message,
          "1 error occurred:\n\t* `peer_region` cannot be set whilst `auto_accept` is `true` when creating an EC2 VPC Peering Connection\n\n",
        );
        return true;
      },
    );
  });

  it("have options once they are active, and not before", async () => {
    const says =
      /Unable to modify EC2 VPC Peering Connection Options\. EC2 VPC Peering Connection \(pcx-\w+\) is not active \(current status: pending-acceptance\)\. Please set the `auto_accept` attribute/;
    const pending: unknown = await account
      .create(EC2.peering, "p", { ...both(), accepter: DNS })
      .catch((failure: unknown) => failure);
    assert.ok(pending instanceof ResourceInitFailed);
    assert.match(pending.message, says);
    assert.deepEqual(pending.outputs["accepter"], { allowRemoteVpcDnsResolution: false });
    const resource: Resource = {
      urn: urnOf(EC2.peering, "p"),
      id: pending.id,
      inputs: account.check(EC2.peering, "p", { ...both(), accepter: DNS }),
      outputs: pending.outputs,
    };
    const options = { vpcPeeringConnectionId: pending.id, requester: DNS };
    await assert.rejects(
      account.create(EC2.peeringOptions, "o", options),
      /modifying EC2 VPC Peering Connection \(pcx-\w+\) Options: operation error EC2: ModifyVpcPeeringConnectionOptions, api error OperationNotPermitted: Peering pcx-\w+ is not active\. Peering options can be added only to active peerings\./,
    );
    const active = await account.update(resource, { ...both(), accepter: DNS, autoAccept: true });
    assert.deepEqual(
      [active.outputs["acceptStatus"], active.outputs["accepter"], active.outputs["requester"]],
      ["active", DNS, { allowRemoteVpcDnsResolution: false }],
    );
    const made = await account.create(EC2.peeringOptions, "o", options);
    assert.deepEqual(
      [made.id, made.outputs],
      [
        active.id,
        { accepter: DNS, id: active.id, region: "us-east-1", requester: DNS, vpcPeeringConnectionId: active.id },
      ],
    );
    assert.deepEqual(account.refresh(active)?.outputs["requester"], DNS);
    // Deleting the options leaves them.
    await account.delete(made);
    assert.deepEqual(account.refresh(active)?.outputs["requester"], DNS);
  });

  describe("with an accepter", () => {
    it("are pending until it accepts, and stay when it goes", async () => {
      const peering = await account.create(EC2.peering, "p", both());
      const accepter = await account.create(EC2.peeringAccepter, "acc", { vpcPeeringConnectionId: peering.id });
      assert.deepEqual(
        [accepter.id, accepter.outputs["acceptStatus"], accepter.outputs["vpcId"]],
        [peering.id, "pending-acceptance", a.vpc.id],
      );
      assert.equal(
        (await account.update(accepter, { vpcPeeringConnectionId: peering.id, autoAccept: true })).outputs[
          "acceptStatus"
        ],
        "active",
      );
      assert.equal(account.refresh(peering)?.outputs["acceptStatus"], "active");
      await account.delete(accepter);
      assert.equal(account.refresh(peering)?.outputs["acceptStatus"], "active");
      await account.delete(peering);
      assert.deepEqual(
        account.backend.list().filter(({ type }) => type === EC2.peeringAccepter || type === EC2.peering),
        [],
      );
    });

    it("have one set of tags for both: after a refresh the connection shows the accepter's", async () => {
      const peering = await account.create(EC2.peering, "p", { ...both(), tags: { Name: "px" } });
      await account.create(EC2.peeringAccepter, "acc", {
        vpcPeeringConnectionId: peering.id,
        autoAccept: true,
        tags: { Name: "acc" },
      });
      const now = account.refresh(peering);
      assert.ok(now);
      assert.deepEqual([now.outputs["tags"], now.outputs["tagsAll"]], [{ Name: "acc" }, { Name: "acc" }]);
      assert.deepEqual(account.diff(now, { ...both(), tags: { Name: "px" } }).properties, ["tags", "tagsAll"]);
      // With tags on one of them alone there is peace.
      const other = await Network.make(account, "10.3");
      const plain = await account.create(EC2.peering, "q", { vpcId: a.vpc.id, peerVpcId: other.vpc.id });
      const tagged = await account.create(EC2.peeringAccepter, "acc2", {
        vpcPeeringConnectionId: plain.id,
        autoAccept: true,
        tags: { Name: "acc" },
      });
      assert.deepEqual(
        account.diff(account.refresh(tagged) ?? tagged, {
          vpcPeeringConnectionId: plain.id,
          autoAccept: true,
          tags: { Name: "acc" },
        }).properties,
        [],
      );
    });

    it("that is not there are not accepted", async () => {
      await assert.rejects(
        account.create(EC2.peeringAccepter, "acc", { vpcPeeringConnectionId: "pcx-0", autoAccept: true }),
        /^Error: 1 error occurred:\n\t\* reading EC2 VPC Peering Connection \(pcx-0\): couldn't find resource\n\n$/,
      );
    });
  });

  it("leave rules stale when they go, which is no reason to keep a group of the other VPC", async () => {
    const peering = await account.create(EC2.peering, "p", { ...both(), autoAccept: true });
    const rule = await a.rule("r", { ipProtocol: "4", referencedSecurityGroupId: b.group.id });
    // A group that one of its own VPC names is in use, one that another VPC's names is not (AWS-19).
    await account.delete(peering);
    assert.equal(account.refresh(rule)?.outputs["referencedSecurityGroupId"], b.group.id);
    await account.delete(b.group);
    assert.equal(account.refresh(rule)?.outputs["referencedSecurityGroupId"], b.group.id);
    await assert.rejects(
      account.update(rule, {
        securityGroupId: a.group.id,
        ipProtocol: "4",
        referencedSecurityGroupId: b.group.id,
        description: "stale",
      }),
      /InvalidGroup\.NotFound/,
    );
    await account.delete(rule);
    const own = await account.create(EC2.securityGroup, "h", { vpcId: a.vpc.id });
    await a.rule("s", { ipProtocol: "4", referencedSecurityGroupId: own.id });
    await assert.rejects(account.delete(own), /DependencyViolation: resource sg-\w+ has a dependent object/);
  });
});
