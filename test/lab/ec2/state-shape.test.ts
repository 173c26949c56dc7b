import assert from "node:assert/strict";
import { resourceTypes } from "../../../lab/src/ec2/types-by-token";
import type { PropertyMap } from "../../../wire/property-value";
import { ACCOUNT_ID } from "../../../lab/src/ec2/engine/regions";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { type Account, PUBLIC_KEY } from "../../support/account-in-memory";
import { Network } from "./network";

/** What was seen of the provider's states, one test per row; recorded-states.test.ts has whole states. */
describe("the shape of states", () => {
  let network: Network;
  let account: Account;
  beforeEach(async () => {
    network = await Network.make();
    account = network.account;
  });

  describe("inputs carry __defaults at every level of an object, and list what was filled in", () => {
    const rows: readonly (readonly [what: string, token: string, given: PropertyMap, defaults: readonly string[]])[] = [
      ["Vpc", EC2.vpc, { cidrBlock: "10.9.0.0/16" }, ["enableDnsSupport"]],
      ["Vpc that says it", EC2.vpc, { cidrBlock: "10.9.0.0/16", enableDnsSupport: false }, []],
      ["Instance", EC2.instance, { ami: "ami-12345678", instanceType: "t3.micro" }, ["sourceDestCheck"]],
      [
        "Instance that says it",
        EC2.instance,
        { ami: "ami-12345678", instanceType: "t3.micro", sourceDestCheck: true },
        [],
      ],
      ["KeyPair", EC2.keyPair, { publicKey: PUBLIC_KEY }, ["keyName"]],
      ["SecurityGroup", EC2.securityGroup, {}, ["description", "name"]],
      ["SecurityGroup with a description", EC2.securityGroup, { description: "d" }, ["name"]],
      ["Subnet", EC2.subnet, { vpcId: "vpc-1", cidrBlock: "10.9.0.0/24" }, []],
      ["PeeringConnectionOptions", EC2.peeringOptions, { vpcPeeringConnectionId: "pcx-1" }, []],
    ];
    for (const [what, token, given, defaults] of rows)
      it(what, () => assert.deepEqual(account.check(token, "x", given)["__defaults"], defaults));

    it("metadataOptions and rootBlockDevice of an Instance", () => {
      const { metadataOptions, rootBlockDevice } = account.check(EC2.instance, "x", {
        ami: "ami-12345678",
        instanceType: "t3.micro",
        metadataOptions: { httpTokens: "required" },
        rootBlockDevice: { volumeSize: 12 },
      });
      assert.deepEqual(metadataOptions, {
        __defaults: ["httpEndpoint", "httpProtocolIpv6"],
        httpEndpoint: "enabled",
        httpProtocolIpv6: "disabled",
        httpTokens: "required",
      });
      assert.deepEqual(rootBlockDevice, {
        __defaults: ["deleteOnTermination"],
        deleteOnTermination: true,
        volumeSize: 12,
      });
    });

    it("options of a peering connection, which have none", () => {
      assert.deepEqual(
        account.check(EC2.peeringOptions, "x", {
          vpcPeeringConnectionId: "pcx-1",
          accepter: { allowRemoteVpcDnsResolution: true },
        })["accepter"],
        { __defaults: [], allowRemoteVpcDnsResolution: true },
      );
    });

    it("but not rules of the Plugin Framework", () => {
      const types = [...resourceTypes.values()]
        .filter(({ pluginFramework }) => pluginFramework === true)
        .map(({ token }) => token);
      for (const token of [EC2.ingressRule, EC2.egressRule]) assert.equal(types.includes(token), true);
      assert.equal(
        "__defaults" in
          account.check(EC2.ingressRule, "x", { securityGroupId: "sg-1", ipProtocol: "4", cidrIpv4: "10.0.0.0/8" }),
        false,
      );
    });
  });

  it("outputs that have no value are empty strings, lists and zeros, or null", async () => {
    const { outputs } = network.subnet;
    assert.deepEqual(
      [
        outputs["outpostArn"],
        outputs["ipv6CidrBlock"],
        outputs["enableLniAtDeviceIndex"],
        outputs["mapPublicIpOnLaunch"],
        outputs["tags"],
        outputs["tagsAll"],
      ],
      ["", "", 0, false, null, {}],
    );
    assert.deepEqual([network.group.outputs["ingress"], network.group.outputs["egress"]], [[], []]);
    assert.deepEqual(
      (
        await account.create(EC2.peering, "p", {
          vpcId: network.vpc.id,
          peerVpcId: (await Network.make(account, "10.2")).vpc.id,
        })
      ).outputs["autoAccept"],
      null,
    );
  });

  it("outputs of rules leave out what has no value, and have tagsAll", async () => {
    const { outputs } = await network.rule("r", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" });
    assert.deepEqual(Object.keys(outputs).sort(), [
      "arn",
      "cidrIpv4",
      "id",
      "ipProtocol",
      "region",
      "securityGroupId",
      "securityGroupRuleId",
      "tagsAll",
    ]);
    assert.deepEqual(outputs["tagsAll"], {});
  });

  // They hold Terraform's schema version, timeouts and raw state, which mean something to Pulumi's bridge alone.
  it("outputs have no __meta and no __pulumi_raw_state_delta, as the provider's do", async () => {
    for (const { outputs } of [network.vpc, network.subnet, network.group, await network.instance("i")]) {
      assert.deepEqual(
        Object.keys(outputs).filter((name) => name.startsWith("__")),
        [],
      );
    }
  });

  describe("ids are", () => {
    it("a key pair's name", async () => {
      const key = await account.create(EC2.keyPair, "kp", { publicKey: PUBLIC_KEY });
      assert.match(key.id, /^kp-[0-9a-f]{7}$/);
      assert.deepEqual([key.id, key.outputs["id"]], [key.outputs["keyName"], key.outputs["keyName"]]);
    });

    it("a route's table and the hash of its destination", async () => {
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      const route = await account.create(EC2.route, "r", {
        routeTableId: table.id,
        destinationCidrBlock: "0.0.0.0/0",
        gatewayId: gateway.id,
      });
      assert.deepEqual([route.id, route.outputs["id"]], [`r-${table.id}1080289494`, `r-${table.id}1080289494`]);
    });

    it("a rule's sgr-…, twice", async () => {
      const rule = await network.rule("r", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" });
      assert.match(rule.id, /^sgr-[0-9a-f]{17}$/);
      assert.equal(rule.outputs["securityGroupRuleId"], rule.id);
    });

    it("for an accepter and for options that of the peering connection", async () => {
      const other = await Network.make(account, "10.2");
      const peering = await account.create(EC2.peering, "p", { vpcId: network.vpc.id, peerVpcId: other.vpc.id });
      const accepter = await account.create(EC2.peeringAccepter, "a", {
        vpcPeeringConnectionId: peering.id,
        autoAccept: true,
      });
      const options = await account.create(EC2.peeringOptions, "o", { vpcPeeringConnectionId: peering.id });
      assert.deepEqual(
        [accepter.id, accepter.outputs["id"], options.id, options.outputs["id"]],
        Array(4).fill(peering.id),
      );
    });
  });

  it("ARNs have the account, region and id", async () => {
    const key = await account.create(EC2.keyPair, "kp", { publicKey: PUBLIC_KEY });
    const rule = await network.rule("r", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" });
    const instance = await network.instance("i");
    const arns = [network.vpc, network.subnet, network.group, key, rule, instance].map(({ outputs }) => outputs["arn"]);
    const names = [
      `vpc/${network.vpc.id}`,
      `subnet/${network.subnet.id}`,
      `security-group/${network.group.id}`,
      `key-pair/${key.id}`,
      `security-group-rule/${rule.id}`,
      `instance/${instance.id}`,
    ];
    assert.deepEqual(
      arns,
      names.map((name) => `arn:aws:ec2:us-east-1:${ACCOUNT_ID}:${name}`),
    );
  });

  it("user data is kept in clear since 6.0, base64 as it was given, and one of them is null", async () => {
    const clear = await network.instance("i", { userData: "#!/bin/sh\ntrue\n" });
    assert.deepEqual([clear.outputs["userData"], clear.outputs["userDataBase64"]], ["#!/bin/sh\ntrue\n", null]);
    const userDataBase64 = Buffer.from("#!/bin/sh\ntrue\n").toString("base64");
    const encoded = await network.instance("j", { userDataBase64 });
    assert.deepEqual([encoded.outputs["userData"], encoded.outputs["userDataBase64"]], [null, userDataBase64]);
  });

  describe("rules keep", () => {
    for (const ipProtocol of ["6", "17", "TCP", "all", "4", "-1"]) {
      it(`the user's spelling of the protocol ${ipProtocol}, after a refresh, too`, async () => {
        const ports = ["6", "17", "TCP"].includes(ipProtocol) ? { fromPort: 1, toPort: 2 } : {};
        const args = { securityGroupId: network.group.id, ipProtocol, cidrIpv4: "10.0.0.0/8", ...ports };
        const rule = await account.create(EC2.ingressRule, "r", args);
        const now = account.refresh(rule);
        assert.deepEqual(
          [rule.outputs["ipProtocol"], now?.outputs["ipProtocol"], now?.inputs["ipProtocol"]],
          [ipProtocol, ipProtocol, ipProtocol],
        );
        assert.deepEqual(account.diff(now ?? rule, args).properties, []);
      });
    }

    it("no ports as no ports, and 0 as 0", async () => {
      const none = await network.rule("r", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" });
      assert.deepEqual(
        ["fromPort" in (account.refresh(none)?.outputs ?? {}), "toPort" in none.outputs],
        [false, false],
      );
      const zero = await network.rule("s", { ipProtocol: "4", cidrIpv4: "172.16.0.0/12", fromPort: 0, toPort: 0 });
      const now = account.refresh(zero);
      assert.deepEqual([now?.outputs["fromPort"], now?.outputs["toPort"]], [0, 0]);
      assert.deepEqual(
        account.diff(now ?? zero, {
          securityGroupId: network.group.id,
          ipProtocol: "4",
          cidrIpv4: "172.16.0.0/12",
          fromPort: 0,
          toPort: 0,
        }).properties,
        [],
      );
    });

    it("their id when they change", async () => {
      const rule = await network.rule("r", { ipProtocol: "tcp", fromPort: 1, toPort: 1, cidrIpv4: "10.0.0.0/8" });
      const changed = await account.update(rule, {
        securityGroupId: network.group.id,
        ipProtocol: "tcp",
        fromPort: 1,
        toPort: 2,
        cidrIpv4: "10.0.0.0/16",
        description: "d",
      });
      assert.deepEqual(
        [
          changed.id,
          changed.outputs["securityGroupRuleId"],
          changed.outputs["toPort"],
          changed.outputs["cidrIpv4"],
          changed.outputs["description"],
        ],
        [rule.id, rule.id, 2, "10.0.0.0/16", "d"],
      );
    });
  });

  it("a peering connection accepted by itself is active, with options and the other side filled in", async () => {
    const other = await Network.make(account, "10.2");
    const { outputs } = await account.create(EC2.peering, "p", {
      vpcId: network.vpc.id,
      peerVpcId: other.vpc.id,
      autoAccept: true,
    });
    const off = { allowRemoteVpcDnsResolution: false };
    assert.deepEqual(
      [
        outputs["acceptStatus"],
        outputs["accepter"],
        outputs["requester"],
        outputs["peerOwnerId"],
        outputs["peerRegion"],
      ],
      ["active", off, off, ACCOUNT_ID, "us-east-1"],
    );
  });

  it("an instance has its interface, names, state and metadata options", async () => {
    await account.update(network.vpc, { cidrBlock: "10.1.0.0/16", enableDnsHostnames: true });
    const { outputs } = await network.instance("i", {
      privateIp: "10.1.0.11",
      associatePublicIpAddress: true,
      metadataOptions: { httpTokens: "required" },
    });
    assert.match(String(outputs["primaryNetworkInterfaceId"]), /^eni-[0-9a-f]{17}$/);
    assert.deepEqual(
      [outputs["privateDns"], outputs["publicDns"], outputs["instanceState"], outputs["securityGroups"]],
      [
        "ip-10-1-0-11.ec2.internal",
        `ec2-${String(outputs["publicIp"]).replaceAll(".", "-")}.compute-1.amazonaws.com`,
        "running",
        [],
      ],
    );
    assert.deepEqual(outputs["metadataOptions"], {
      httpEndpoint: "enabled",
      httpProtocolIpv6: "disabled",
      httpPutResponseHopLimit: 1,
      httpTokens: "required",
      instanceMetadataTags: "disabled",
    });
  });

  it("every resource made in a region says which", async () => {
    for (const { outputs } of [
      network.vpc,
      network.subnet,
      network.group,
      await network.rule("r", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" }),
    ])
      assert.equal(outputs["region"], "us-east-1");
  });
});
