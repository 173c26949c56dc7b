import assert from "node:assert/strict";
import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { removalCommands } from "../../lab/src/fabric/apply";
import type { Guest } from "../../lab/src/fabric/guest";
import { openLab } from "../../lab/src/state/paths";
import { RecordStore } from "../../lab/src/state/store";
import { run } from "../../lab/src/state/privileged";
import { CloudRecords, macOfInstance } from "../support/cloud-records";
import { answer, connects, delivered, GuestLab, pings } from "../support/guests";

/** Sends where nothing may arrive and where it must: every "no" here has its "yes" by one change. */
describe("fabric, by packets", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a1: Guest, a2: Guest, a3: Guest, b1: Guest, b2: Guest, c1: Guest;
  const ip = { a1: "10.1.1.11", a2: "10.1.1.12", a3: "10.1.2.11", b1: "10.2.1.11", b2: "10.2.1.12", c1: "10.3.1.11" };
  const publicIp = "203.0.113.11";
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
  const protocol4 = "ip protocol 4";

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("a", "10.1.0.0/16")
        .subnet("a1", "a", "10.1.1.0/24")
        .subnet("a2", "a", "10.1.2.0/24")
        .vpc("b", "10.2.0.0/16")
        .subnet("b1", "b", "10.2.1.0/24")
        .vpc("c", "10.3.0.0/16")
        .subnet("c1", "c", "10.3.1.0/24")
        .peering("ab", "a", "b")
        .peering("ca", "c", "a")
        .internetGateway("a", "a")
        .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("a", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-ca" })
        .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("c", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ca" })
        .instance("a1", "a", "a1", ip.a1, { publicIp })
        .instance("a2", "a", "a1", ip.a2)
        .instance("a3", "a", "a2", ip.a3)
        .instance("b1", "b", "b1", ip.b1)
        .instance("b2", "b", "b1", ip.b2)
        .instance("c1", "c", "c1", ip.c1),
    );
    [a1, a2, a3, b1, b2, c1] = ["a1", "a2", "a3", "b1", "b2", "c1"].map((name) => lab.guest(name)) as [
      Guest,
      Guest,
      Guest,
      Guest,
      Guest,
      Guest,
    ];
    // Addresses of workloads, which no network interface has.
    await a1.exec(["ip", "address", "add", "192.168.1.1/32", "dev", "lo"]);
    await a2.exec(["ip", "address", "add", "192.168.2.1/32", "dev", "lo"]);
    await a1.exec(["ip", "route", "add", "192.168.2.0/26", "via", ip.a2]);
    await b2.exec(["ip", "address", "add", `${ip.a1}/32`, "dev", "lo"]);
    for (const guest of [a2, a3, b1]) await lab.listen(guest.namespace, 7000, "cat");
    await lab.listen(a1.namespace, 7000, "echo $SOCAT_PEERADDR; cat >/dev/null");
  });
  after(async () => lab?.remove());
  beforeEach(async () => {
    await lab.apply(() => undefined);
    await lab.flush();
  });

  describe("security groups", () => {
    it("let nothing in without a rule (AWS-10), in the subnet, over the router and over a peering", async () => {
      for (const [from, to] of [
        [a1, ip.a2],
        [a1, ip.a3],
        [a1, ip.b1],
      ] as const)
        assert.equal(await connects(from, to, 7000), false, to);
      await lab.apply((records) => {
        for (const group of ["a2", "a3", "b1"])
          records.ingress(`tcp-${group}`, group, {
            ipProtocol: "tcp",
            fromPort: 7000,
            toPort: 7000,
            cidrIpv4: "10.1.0.0/16",
          });
      });
      for (const [from, to] of [
        [a1, ip.a2],
        [a1, ip.a3],
        [a1, ip.b1],
      ] as const)
        assert.equal(await connects(from, to, 7000), true, to);
    });

    it("let nothing out without a rule, but replies (AWS-11)", async () => {
      const opened = (records: CloudRecords): CloudRecords =>
        records.ingress("tcp", "a2", { ipProtocol: "6", fromPort: 7000, toPort: 7000, cidrIpv4: `${ip.a1}/32` });
      await lab.apply((records) => opened(records).remove("sgr-a2-out"));
      assert.equal(await answer(a1, ip.a2, 7000), "hello\n");
      await lab.apply((records) => opened(records).remove("sgr-a1-out"));
      assert.equal(await connects(a1, ip.a2, 7000), false);
    });

    it("tell ports, ICMP types and sources apart", async () => {
      await lab.apply((records) =>
        records
          .ingress("port", "a2", { ipProtocol: "tcp", fromPort: 7001, toPort: 7010, cidrIpv4: "0.0.0.0/0" })
          .ingress("unreachable", "a2", { ipProtocol: "icmp", fromPort: 3, toPort: 4, cidrIpv4: "0.0.0.0/0" })
          .ingress("source", "a3", { ipProtocol: "-1", cidrIpv4: `${ip.a2}/32` }),
      );
      assert.equal(await connects(a1, ip.a2, 7000), false);
      assert.equal(await pings(a1, ip.a2), false);
      assert.equal(await connects(a1, ip.a3, 7000), false);
      assert.equal(await connects(a2, ip.a3, 7000), true);
      await lab.apply((records) =>
        records
          .ingress("port", "a2", { ipProtocol: "tcp", fromPort: 6990, toPort: 7000, cidrIpv4: "0.0.0.0/0" })
          .ingress("echo", "a2", { ipProtocol: "icmp", fromPort: 8, toPort: -1, cidrIpv4: "0.0.0.0/0" })
          .ingress("source", "a3", { ipProtocol: "-1", cidrIpv4: `${ip.a1}/32` }),
      );
      assert.equal(await connects(a1, ip.a2, 7000), true);
      assert.equal(await pings(a1, ip.a2), true);
      assert.equal(await connects(a1, ip.a3, 7000), true);
    });

    it("track protocol 4 by address and number for each interface (AWS-12): a missing rule is masked by the node's own packets", async () => {
      await lab.apply((records) => records.ingress("ipip", "a1", { ipProtocol: "4", cidrIpv4: "10.1.0.0/16" }));
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), false, "no rule");
      assert.equal(await delivered(a1, protocol4, () => a2.sendProtocol(4, ip.a1)), true, "a rule");
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), true, "a reply");
      await lab.flush();
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), false, "no rule, and forgotten");
    });

    it("do not mask a missing rule for VXLAN, whose replies go to port 4789 again", async () => {
      const vxlan = "udp dport 4789";
      await lab.apply((records) =>
        records.ingress("vxlan", "a1", { ipProtocol: "udp", fromPort: 4789, toPort: 4789, cidrIpv4: "10.1.0.0/16" }),
      );
      assert.equal(await delivered(a1, vxlan, () => a2.sendUdp(4789, ip.a1)), true);
      assert.equal(await delivered(a2, vxlan, () => a1.sendUdp(4789, ip.a2)), false);
    });

    it("take protocol 4 with ports 0 and without for the same (AWS-16)", async () => {
      await lab.apply((records) =>
        records.ingress("ipip", "a2", { ipProtocol: "4", fromPort: 0, toPort: 0, cidrIpv4: "10.1.0.0/16" }),
      );
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), true);
      assert.equal(await delivered(a2, "ip protocol 94", () => a1.sendProtocol(94, ip.a2)), false);
    });

    it("cut no tracked connection when a rule goes (AWS-13)", async () => {
      await lab.apply((records) =>
        records.ingress("tcp", "b1", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: "10.1.0.0/16" }),
      );
      const connection = lab.start(a1.namespace, ["socat", "-", `TCP4:${ip.b1}:7000`]);
      assert.equal(await echo(connection, "before\n"), "before\n");
      await lab.apply(() => undefined);
      assert.equal(await echo(connection, "after\n"), "after\n");
      assert.equal(await connects(a1, ip.b1, 7000), false, "a new one");
      connection.stdin?.end();
      await once(connection, "close");
    });

    it("take a reference for the private addresses of the members, here and over an active peering (AWS-17), not for workloads' (AWS-18)", async () => {
      const opened = (records: CloudRecords): CloudRecords =>
        records
          .update("i-a1", { sourceDestCheck: false })
          .update("i-a2", { sourceDestCheck: false })
          .ingress("near", "a2", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" })
          .ingress("far", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "000000000000/sg-a1" });
      await lab.apply(opened);
      assert.equal(await connects(a1, ip.a2, 7000), true);
      assert.equal(await connects(a1, ip.b1, 7000), true);
      assert.equal(await connects(a3, ip.b1, 7000), false, "not a member");
      assert.equal(
        await delivered(a2, protocol4, () => a1.sendProtocol(4, "192.168.2.1", "192.168.1.1")),
        false,
        "a workload's address",
      );
      await lab.apply((records) =>
        opened(records).ingress("pool", "a2", { ipProtocol: "-1", cidrIpv4: "192.168.0.0/16" }),
      );
      assert.equal(
        await delivered(a2, protocol4, () => a1.sendProtocol(4, "192.168.2.1", "192.168.1.1")),
        true,
        "the pool's CIDR",
      );
    });

    it("follow the members of a group, itself included", async () => {
      const self = (records: CloudRecords): CloudRecords =>
        records
          .securityGroup("shared", "a")
          .ingress("self", "shared", { ipProtocol: "-1", referencedSecurityGroupId: "sg-shared" })
          .update("i-a2", { vpcSecurityGroupIds: ["sg-a2", "sg-shared"] });
      await lab.apply(self);
      assert.equal(await connects(a1, ip.a2, 7000), false);
      await lab.apply((records) => self(records).update("i-a1", { vpcSecurityGroupIds: ["sg-a1", "sg-shared"] }));
      assert.equal(await connects(a1, ip.a2, 7000), true);
    });

    it("let a reference to a group behind a peering that is gone match nothing (AWS-19)", async () => {
      // In a1's name, from the same subnet: the peering decides about the rule alone, not about the way.
      const inOthersName = (): Promise<void> => b2.sendProtocol(4, ip.b1, ip.a1);
      const opened = (records: CloudRecords): CloudRecords =>
        records
          .update("i-b2", { sourceDestCheck: false })
          .ingress("far", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" });
      await lab.apply((records) => opened(records).remove("pcx-ab"));
      assert.equal(await delivered(b1, protocol4, inOthersName), false);
      await lab.apply(opened);
      assert.equal(await delivered(b1, protocol4, inOthersName), true);
    });
  });

  describe("source/dest check (AWS-22)", () => {
    const open = (records: CloudRecords): CloudRecords =>
      records.ingress("all-a1", "a1", everything).ingress("all-a2", "a2", everything);

    it("holds back what a guest sends in another's name", async () => {
      await lab.apply((records) => open(records).update("i-a2", { sourceDestCheck: false }));
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2, "192.168.1.1")), false);
      await lab.apply((records) =>
        open(records).update("i-a2", { sourceDestCheck: false }).update("i-a1", { sourceDestCheck: false }),
      );
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2, "192.168.1.1")), true);
    });

    it("holds back what a guest is sent that is another's, by MAC address within the subnet (AWS-9)", async () => {
      await lab.apply((records) => open(records).update("i-a1", { sourceDestCheck: false }));
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, "192.168.2.1")), false);
      // No route table has a route for it: the neighbour's MAC address alone leads there.
      await lab.apply((records) => open(records).update("i-a2", { sourceDestCheck: false }));
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, "192.168.2.1")), true);
    });

    it("does not mind tunnels, whose outer addresses are the interfaces' own (AWS-23)", async () => {
      await lab.apply(open);
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), true);
    });

    it("never lets a foreign MAC address out", async () => {
      await lab.apply((records) => open(records).update("i-a1", { sourceDestCheck: false }));
      assert.equal(await pings(a1, ip.a2), true);
      await a1.exec(["ip", "link", "set", "dev", "ens5", "address", "0a:00:0a:01:01:63"]);
      try {
        assert.equal(await pings(a1, ip.a2), false);
      } finally {
        await a1.exec(["ip", "link", "set", "dev", "ens5", "address", macOfInstance(ip.a1)]);
        await a1.exec(["ip", "route", "replace", "default", "via", "10.1.1.1", "dev", "ens5"]);
        await a1.exec(["ip", "route", "replace", "192.168.2.0/26", "via", ip.a2]);
      }
    });
  });

  describe("subnets and routes", () => {
    const open = (records: CloudRecords): CloudRecords =>
      ["a1", "a2", "a3", "b1", "c1"].reduce((all, name) => all.ingress(`all-${name}`, name, everything), records);

    it("carry no broadcast and no multicast (AWS-4)", async () => {
      await lab.apply(open);
      assert.equal(
        await delivered(a2, "ip daddr { 10.1.1.255, 255.255.255.255, 224.0.0.0/4 }", () => broadcast(a1)),
        false,
      );
      assert.equal(await delivered(a2, "udp dport 4000", () => a1.sendUdp(4000, ip.a2)), true, "the same to one");
    });

    it("have a router that forwards and answers nobody (AWS-3)", async () => {
      await lab.apply(open);
      assert.equal(await pings(a1, "10.1.1.1"), false);
      assert.equal(await pings(a1, "10.1.2.1"), false);
      assert.equal(await pings(a1, ip.a3), true);
    });

    it("drop in silence what no route leads to", async () => {
      await lab.apply((records) => open(records).remove("r-rtb-a-0-0-0-0-0"));
      const unreachable = await a1.count("icmp type destination-unreachable");
      for (const nowhere of ["10.1.9.9", "10.9.9.9", "169.254.7.7"])
        assert.equal(await pings(a1, nowhere), false, nowhere);
      assert.equal(await unreachable(), 0);
      // A guest's own kernel would tell; the router must not.
      assert.ok(!(await ping(a1, "10.9.9.9")).includes("Unreachable"));
    });

    it("use the main route table where none is associated, and its own where one is (AWS-8)", async () => {
      await lab.apply((records) => open(records).routeTable("own", "a", "a1"));
      assert.equal(await pings(a1, ip.b1), false, "a table without the route");
      assert.equal(await pings(a3, ip.b1), true, "the main table");
      assert.equal(await pings(a1, ip.a3), true, "the local route is in every table (AWS-5)");
      await lab.apply((records) =>
        open(records).routeTable("own", "a", "a1").route("own", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }),
      );
      assert.equal(await pings(a1, ip.b1), true);
    });

    it("take the longest prefix (AWS-5)", async () => {
      await lab.apply((records) => open(records).route("a", "10.2.1.0/24", { vpcPeeringConnectionId: "pcx-gone" }));
      assert.equal(await pings(a1, ip.b1), false);
      await lab.apply((records) => open(records).route("a", "10.2.2.0/24", { vpcPeeringConnectionId: "pcx-gone" }));
      assert.equal(await pings(a1, ip.b1), true);
    });

    it("carry 9001 bytes between subnets and over a peering (AWS-29)", async () => {
      await lab.apply(open);
      for (const to of [ip.a2, ip.a3, ip.b1]) assert.equal(await pings(a1, to, 9001), true, to);
      // The guest's own MTU ends it at 9001, as on EC2; what is beyond leaves in fragments.
      assert.equal(await pings(a1, ip.b1, 9002), false);
    });
  });

  describe("peering", () => {
    const open = (records: CloudRecords): CloudRecords =>
      ["a1", "a3", "b1", "c1"].reduce((all, name) => all.ingress(`all-${name}`, name, everything), records);

    it("needs routes on both sides and to be active (AWS-25, AWS-28)", async () => {
      for (const route of ["r-rtb-a-10-2-0-0-16", "r-rtb-b-10-1-0-0-16"]) {
        await lab.apply((records) => open(records).remove(route));
        assert.equal(await pings(a1, ip.b1), false, `without ${route}`);
      }
      await lab.apply((records) => open(records).update("pcx-ab", { acceptStatus: "pending-acceptance" }));
      assert.equal(await pings(a1, ip.b1), false, "pending");
      await lab.apply(open);
      assert.equal(await pings(a1, ip.b1), true);
      assert.equal(await pings(b1, ip.a3), true);
    });

    it("is not transitive (AWS-26)", async () => {
      const through = (records: CloudRecords): CloudRecords =>
        open(records)
          .route("b", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
          .route("c", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ca" });
      await lab.apply(through);
      assert.equal(await pings(b1, ip.a1), true);
      assert.equal(await pings(c1, ip.a1), true);
      assert.equal(await pings(b1, ip.c1), false);
      await lab.apply((records) =>
        open(records)
          .peering("bc", "b", "c")
          .route("b", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-bc" })
          .route("c", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-bc" }),
      );
      assert.equal(await pings(b1, ip.c1), true);
    });

    it("leads to no gateway of the peer: no edge to edge (AWS-26)", async () => {
      const publicB = (records: CloudRecords): CloudRecords =>
        open(records).update("i-b1", { publicIp: "203.0.113.21" });
      await lab.apply((records) => publicB(records).route("b", "0.0.0.0/0", { vpcPeeringConnectionId: "pcx-ab" }));
      assert.equal(await pings(b1, "198.51.100.1"), false);
      await lab.apply((records) =>
        publicB(records).internetGateway("b", "b").route("b", "0.0.0.0/0", { gatewayId: "igw-b" }),
      );
      assert.equal(await pings(b1, "198.51.100.1"), true);
    });
  });

  describe("internet gateway", () => {
    it("translates one to one, both ways (AWS-34)", async () => {
      await lab.apply((records) =>
        records.ingress("tcp", "a1", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: "198.51.100.1/32" }),
      );
      assert.equal(
        await lab.onInternet(["socat", "-t", "1", "-", `TCP4:${publicIp}:7000,connect-timeout=0.3`]),
        "198.51.100.1\n",
      );
      await lab.listen(`lab-${lab.lab.id}-inet`, 7000, "echo $SOCAT_PEERADDR; cat >/dev/null");
      assert.equal(await answer(a1, "198.51.100.1", 7000), `${publicIp}\n`);
      assert.equal(await connects(a2, "198.51.100.1", 7000), false, "no public address");
      await lab.apply((records) => records.update("i-a2", { publicIp: "203.0.113.12" }));
      assert.equal(await answer(a2, "198.51.100.1", 7000), "203.0.113.12\n");
      await lab.apply((records) => records.remove("r-rtb-a-0-0-0-0-0"));
      assert.equal(await connects(a1, "198.51.100.1", 7000), false, "no route");
    });

    it("is behind the security groups", async () => {
      const attempt = async (): Promise<boolean> =>
        lab.onInternet(["socat", "-t", "1", "-", `TCP4:${publicIp}:7000,connect-timeout=0.3`]).then(
          () => true,
          () => false,
        );
      assert.equal(await attempt(), false);
      await lab.apply((records) =>
        records.ingress("tcp", "a1", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: "0.0.0.0/0" }),
      );
      assert.equal(await attempt(), true);
    });

    it("carries 1500 bytes, and says so to who sends more (AWS-29)", async () => {
      assert.equal(await pings(a1, "198.51.100.1", 1500), true);
      const tooLong = await a1.count("icmp type destination-unreachable icmp code frag-needed");
      assert.equal(await pings(a1, "198.51.100.1", 1501), false);
      assert.equal(await tooLong(), 1);
      await a1.exec(["ip", "route", "flush", "cache"]);
    });
  });

  describe("ssh-proxy", () => {
    const proxy = (...args: string[]): Promise<string> =>
      run(["env", `OVERLAYNET_LAB_STATE=${lab.lab.state}`, resolve(__dirname, "../../lab/ssh-proxy"), ...args]);

    it("connects to a port of a public address from the lab's internet", async () => {
      await lab.apply((records) =>
        records.ingress("tcp", "a1", { ipProtocol: "tcp", fromPort: 7000, toPort: 7001, cidrIpv4: "198.51.100.1/32" }),
      );
      assert.equal(await proxy(publicIp, "7000"), "198.51.100.1\n");
      await assert.rejects(proxy(publicIp, "7001"), /Connection refused/);
    });

    it("connects to a private address from the node's card, where security groups and routes do not matter", async () => {
      const store = new RecordStore(lab.lab);
      await assert.rejects(proxy(ip.a2, "7000"), "no route leads there from the internet");
      try {
        store.put(lab.base.get("i-a2"));
        assert.equal(await proxy(ip.a2, "7000"), "");
        await assert.rejects(proxy(ip.a2, "7001"), /Connection refused/);
        store.put({ ...lab.base.get("i-a2"), id: "i-twin" });
        await assert.rejects(proxy(ip.a2, "7000"), /several nodes have the private address 10\.1\.1\.12/);
        store.put({
          ...lab.base.get("i-a2"),
          id: "i-twin",
          outputs: { ...lab.base.get("i-a2").outputs, instanceState: "terminated" },
        });
        assert.equal(await proxy(ip.a2, "7000"), "");
      } finally {
        for (const id of ["i-a2", "i-twin"]) store.remove(id);
      }
    });

    it("takes nothing that means more to socat than an address and a port", async () => {
      await assert.rejects(proxy("203.0.113.11,bind=1.2.3.4", "7000"), /is not an IPv4 address/);
      await assert.rejects(proxy(publicIp, "7000,crnl"), /is not a port/);
      await assert.rejects(proxy(publicIp), /usage/);
    });

    it("says when there is no lab, or none with networks", async () => {
      const elsewhere = (state: string): Promise<string> =>
        run(["env", `OVERLAYNET_LAB_STATE=${state}`, resolve(__dirname, "../../lab/ssh-proxy"), publicIp, "22"]);
      await assert.rejects(elsewhere(`${lab.lab.state}/none`), /there is no lab in .*none; set OVERLAYNET_LAB_STATE/);
      const asleep = openLab(mkdtempSync(join(tmpdir(), "overlaynet-fabric-")));
      try {
        await assert.rejects(elsewhere(asleep.state), /has no networks now/);
      } finally {
        rmSync(asleep.state, { recursive: true });
      }
    });
  });

  describe("reconciling", () => {
    it("mends a VPC that is gone, with the cards on it", async () => {
      await lab.apply((records) => records.ingress("all", "b1", everything));
      // Wires first: the kernel cleans a namespace up some time after its name is gone.
      await run(["sh", "-s"], { stdin: removalCommands(`lab-${lab.lab.id}-vpc-b`).join("\n") });
      assert.equal(await pings(a1, ip.b1), false);
      await lab.apply((records) => records.ingress("all", "b1", everything));
      assert.equal(await pings(a1, ip.b1), true);
    });

    it("changes nothing that is as it should be", async () => {
      const monitor = lab.start(`lab-${lab.lab.id}-vpc-a`, ["ip", "monitor", "link", "address", "route", "rule"]);
      let seen = "";
      monitor.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
      const table = ["nft", "-j", "list", "table", "ip", "vpc"];
      const inVpc = (argv: readonly string[]): Promise<string> =>
        a1.exec(["nsenter", `--net=/run/netns/lab-${lab.lab.id}-vpc-a`, ...argv]);
      const before = await inVpc(table);
      await lab.apply(() => undefined);
      assert.equal(await inVpc(table), before);
      assert.equal(seen, "");
      // The monitor does see a change.
      await lab.apply((records) => records.route("a", "10.7.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }));
      if (seen === "") await once(monitor.stdout ?? monitor, "data");
      assert.ok(seen.includes("10.7.0.0/16"), seen);
      assert.equal(seen.trim().split("\n").length, 1, seen);
      monitor.kill();
      await once(monitor, "close");
    });
  });
});

/** What comes back on a connection to an echo server. */
async function echo(connection: ChildProcess, text: string): Promise<string> {
  const { stdin, stdout } = connection;
  if (stdin === null || stdout === null) throw new Error("The connection has no pipes");
  stdin.write(text);
  const [chunk] = (await once(stdout, "data")) as [Buffer];
  return chunk.toString();
}

async function broadcast(from: Guest): Promise<void> {
  for (const to of ["10.1.1.255", "255.255.255.255", "224.0.0.9"]) {
    await from.exec(["socat", "-u", "-", `UDP4-DATAGRAM:${to}:4000,broadcast,so-bindtodevice=ens5`], "probe");
  }
}

async function ping(from: Guest, to: string): Promise<string> {
  return from.exec(["sh", "-c", 'ping -n -c 1 -W 0.3 "$1" || :', "sh", to]);
}
