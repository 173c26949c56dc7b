import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import type { Guest } from "../../../lab/src/fabric/guest";
import { CloudRecords, macOfInstance } from "../../support/cloud-records";
import { answer, connects, delivered, GuestLab, pings } from "../../support/guests";

type Change = (records: CloudRecords) => CloudRecords;

/** Every "no" here has its "yes" by one change. */
describe("network interfaces, by packets (AWSEC2/latest/UserGuide/using-eni.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let one: Guest, two: Guest, probe: Guest;
  const ip = { one: "10.1.1.11", two: "10.1.1.12", probe: "10.1.1.13", eni: "10.1.2.50", more: "10.1.2.51" };
  const mac = "0a:00:00:00:00:50";
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
  const workload = "192.168.9.9";

  const eni: Change = (records) =>
    records
      .securityGroup("eni", "a")
      .egress("eni-out", "eni", everything)
      .add("aws:ec2/networkInterface:NetworkInterface", "eni-x", {
        subnetId: "subnet-a2",
        privateIp: ip.eni,
        privateIps: [ip.eni, ip.more],
        securityGroups: ["sg-eni"],
        sourceDestCheck: true,
        macAddress: mac,
      });
  const attached =
    (instance: string): Change =>
    (records) =>
      records.add("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment", "eni-attach-1", {
        instanceId: `i-${instance}`,
        networkInterfaceId: "eni-x",
        deviceIndex: 1,
      });
  const open: Change = (records) => records.ingress("all-eni", "eni", everything);
  const apply = (...changes: Change[]): Promise<unknown> =>
    lab.apply((records) => changes.forEach((change) => change(records)));
  const cardExists = (): boolean => existsSync(`/run/netns/lab-${lab.lab.id}-eni-x`);

  /** As an instance has to be told on EC2, too: what has the second interface's addresses leaves by it. */
  const plug = async (guest: Guest): Promise<void> => {
    await guest.plug("ens6", { card: `lab-${lab.lab.id}-eni-x`, mac, address: `${ip.eni}/24` });
    await guest.exec(
      ["ip", "-batch", "-"],
      `address add ${ip.more}/24 dev ens6\nrule add from 10.1.2.0/24 lookup 100\nroute add default via 10.1.2.1 dev ens6 table 100\n`,
    );
  };

  before(async () => {
    const base = new CloudRecords()
      .vpc("a", "10.1.0.0/16")
      .subnet("a1", "a", "10.1.1.0/24")
      .subnet("a2", "a", "10.1.2.0/24")
      .internetGateway("a", "a")
      .route("a", "0.0.0.0/0", { gatewayId: "igw-a" });
    for (const name of ["one", "two", "probe"] as const) base.instance(name, "a", "a1", ip[name]);
    base.ingress("all-probe", "probe", everything);
    lab = await GuestLab.start(attached("one")(eni(base)));
    [one, two, probe] = ["one", "two", "probe"].map((name) => lab.guest(name)) as [Guest, Guest, Guest];
    await plug(one);
    for (const [guest, name] of [
      [one, "one"],
      [two, "two"],
    ] as const)
      await lab.listen(guest.namespace, 7000, `echo ${name}; cat >/dev/null`);
  });
  after(async () => lab?.remove());
  beforeEach(async () => {
    await apply();
    await lab.flush();
  });

  it("AWS-38 have addresses and security groups of their own", async () => {
    await apply((records) => records.ingress("all-one", "one", everything));
    assert.equal(await answer(probe, ip.one, 7000), "one\n");
    assert.equal(await connects(probe, ip.eni, 7000), false, "the instance's other group");
    await apply(open);
    assert.equal(await answer(probe, ip.eni, 7000), "one\n");
    assert.equal(await answer(probe, ip.more, 7000), "one\n", "a secondary private address");
    assert.equal(await connects(probe, ip.one, 7000), false);
  });

  it("AWS-17 are what a security group means: their addresses, and not the instance's others", async () => {
    const refer: Change = (records) =>
      records
        .remove("sgr-all-probe")
        .ingress("ref", "probe", { ipProtocol: "-1", referencedSecurityGroupId: "sg-eni" });
    const from = (source: string): Promise<boolean> =>
      delivered(probe, `udp dport 9 ip saddr ${source}`, () => one.sendUdp(9, ip.probe, source));
    await apply(refer);
    assert.equal(await from(ip.eni), true);
    assert.equal(await from(ip.one), false);
    await apply((records) =>
      records
        .remove("sgr-all-probe")
        .ingress("ref", "probe", { ipProtocol: "-1", referencedSecurityGroupId: "sg-one" }),
    );
    assert.equal(await from(ip.eni), false);
    assert.equal(await from(ip.one), true);
  });

  it("AWS-22 check source and destination each for itself (vpc/latest/userguide/VPC_NAT_Instance.html)", async () => {
    await one.exec(["ip", "address", "add", `${workload}/32`, "dev", "lo"]);
    await one.exec(["ip", "rule", "add", "from", workload, "lookup", "100"]);
    const spoof = (): Promise<boolean> =>
      delivered(probe, `udp dport 9 ip saddr ${workload}`, () => one.sendUdp(9, ip.probe, workload));
    await apply((records) => records.update("i-one", { sourceDestCheck: false }));
    assert.equal(await spoof(), false, "off at the primary interface");
    await apply((records) => records.update("eni-x", { sourceDestCheck: false }));
    assert.equal(await spoof(), true, "off at the interface that it leaves by");
    const toWorkload: Change = (records) => open(records).route("a", "192.168.0.0/16", { networkInterfaceId: "eni-x" });
    const arrive = (): Promise<boolean> =>
      delivered(one, `udp dport 9 ip daddr ${workload} iifname ens6`, () => probe.sendUdp(9, workload));
    await apply(toWorkload);
    assert.equal(await arrive(), false);
    await apply(toWorkload, (records) => records.update("eni-x", { sourceDestCheck: false }));
    assert.equal(await arrive(), true);
  });

  it("AWS-38 let only their own MAC address out", async () => {
    await apply(open);
    assert.equal(await pings(probe, ip.eni), true);
    await one.exec(["ip", "link", "set", "dev", "ens6", "address", macOfInstance(ip.one)]);
    try {
      assert.equal(await pings(probe, ip.eni), false, "that of the instance's other interface");
    } finally {
      await one.exec(["ip", "link", "set", "dev", "ens6", "address", mac]);
      await one.exec(["ip", "route", "replace", "default", "via", "10.1.2.1", "dev", "ens6", "table", "100"]);
    }
  });

  it("AWS-34 can have an Elastic IP address (vpc/latest/userguide/vpc-eips.html)", async () => {
    const host = await lab.internet();
    await apply(open);
    assert.equal(await connects(host, "203.0.113.50", 7000), false);
    await apply(open, (records) =>
      records.add("aws:ec2/eipAssociation:EipAssociation", "eipassoc-1", {
        networkInterfaceId: "eni-x",
        privateIpAddress: ip.eni,
        publicIp: "203.0.113.50",
      }),
    );
    assert.equal(await answer(host, "203.0.113.50", 7000), "one\n");
  });

  it("AWS-38 are the primary one where the instance was launched with it: MAC address, addresses, groups and check are the interface's", async () => {
    const launched: Change = (records) =>
      records.securityGroup("own", "a").add("aws:ec2/networkInterface:NetworkInterface", "eni-two", {
        subnetId: "subnet-a1",
        privateIp: ip.two,
        privateIps: [ip.two],
        securityGroups: ["sg-own"],
        sourceDestCheck: true,
        macAddress: "0a:00:0a:01:01:0c",
      });
    const letIn =
      (group: string): Change =>
      (records) =>
        records.ingress("in", group, everything);
    await apply(launched, letIn("two"));
    assert.equal(await connects(probe, ip.two, 7000), false, "the group of the instance's record");
    await apply(launched, letIn("own"));
    assert.equal(await answer(probe, ip.two, 7000), "two\n");
  });

  // The last one: it takes the interface away from the first instance.
  it("AWS-38 take addresses, groups and check along to another instance; a route to one that is not attached is a black hole", async () => {
    const routed: Change = (records) =>
      open(records)
        .route("a", "192.168.0.0/16", { networkInterfaceId: "eni-x" })
        .update("eni-x", { sourceDestCheck: false });
    await apply(routed);
    assert.equal(await answer(probe, ip.eni, 7000), "one\n");
    await apply(routed, (records) => records.remove("eni-attach-1"));
    assert.equal(cardExists(), false);
    assert.equal(await connects(probe, ip.eni, 7000), false);
    assert.equal(await delivered(one, "udp dport 9", () => probe.sendUdp(9, workload)), false, "a black hole");
    const moved: Change = (records) => attached("two")(routed(records).remove("eni-attach-1"));
    await apply(moved);
    await plug(two);
    // The router asks once a second for an address that did not answer; who speaks is known.
    assert.equal(
      await delivered(probe, `udp dport 9 ip saddr ${ip.eni}`, () => two.sendUdp(9, ip.probe, ip.eni)),
      true,
    );
    assert.equal(await answer(probe, ip.eni, 7000), "two\n");
    await two.exec(["ip", "address", "add", `${workload}/32`, "dev", "lo"]);
    assert.equal(
      await delivered(two, `udp dport 9 ip daddr ${workload} iifname ens6`, () => probe.sendUdp(9, workload)),
      true,
    );
  });
});
