import assert from "node:assert/strict";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { powerOn } from "../../../lab/src/ec2/power-on";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";

describe("powering on", () => {
  let account: Account;
  let nodes: readonly Resource[];
  beforeEach(async () => {
    account = new Account();
    const vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    const subnet = await account.create(EC2.subnet, "s", { vpcId: vpc.id, cidrBlock: "10.1.0.0/24" });
    const args = { ami: imagesOf("us-east-1")[0]?.id, instanceType: "t3.micro", subnetId: subnet.id };
    nodes = [await account.create(EC2.instance, "a", args), await account.create(EC2.instance, "b", args)];
  });

  it("starts what ran, with the same address, when the networks are there", async () => {
    const before = [...account.backend.started];
    account.backend.nodes.clear();
    account.backend.events.length = 0;
    const ids = nodes.map(({ id }) => id);
    assert.deepEqual(await powerOn(account.backend), ids);
    assert.deepEqual(account.backend.events, ["lock", "reconcile", ...ids.map((id) => `start ${id}`)]);
    assert.deepEqual(account.backend.started.slice(before.length), before);
  });

  it("leaves alone what runs", async () => {
    assert.deepEqual(await powerOn(account.backend), []);
  });

  it("starts the others when one does not start, and says which", async () => {
    account.backend.nodes.clear();
    account.backend.failures.set("startNode", "a did not start");
    await assert.rejects(powerOn(account.backend), /^AggregateError: a did not start$/);
    assert.equal(account.backend.nodes.size, 1);
  });
});
