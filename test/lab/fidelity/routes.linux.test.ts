import assert from "node:assert/strict";
import type { Guest } from "../../../lab/src/fabric/guest";
import { CloudRecords } from "../../support/cloud-records";
import { delivered, GuestLab, pings } from "../../support/guests";

describe("routes, by packets (vpc/latest/userguide/VPC_Route_Tables.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a: Guest, appliance: Guest, b: Guest;
  const ip = { a: "10.1.1.11", appliance: "10.1.2.11", b: "10.1.3.11", peer: "10.2.1.11" };
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };

  before(async () => {
    const base = new CloudRecords()
      .vpc("v", "10.1.0.0/16")
      .subnet("a", "v", "10.1.1.0/24")
      .subnet("c", "v", "10.1.2.0/24")
      .subnet("b", "v", "10.1.3.0/24")
      .vpc("w", "10.2.0.0/16")
      .subnet("w", "w", "10.2.1.0/24")
      .peering("vw", "v", "w")
      .route("w", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-vw" })
      .instance("a", "v", "a", ip.a)
      .instance("appliance", "v", "c", ip.appliance, { sourceDestCheck: false })
      .instance("b", "v", "b", ip.b)
      .instance("peer", "w", "w", ip.peer);
    for (const name of ["a", "appliance", "b", "peer"]) base.ingress(`all-${name}`, name, everything);
    lab = await GuestLab.start(base);
    [a, appliance, b] = ["a", "appliance", "b"].map((name) => lab.guest(name)) as [Guest, Guest, Guest];
    await appliance.exec([
      "sh",
      "-c",
      "echo 1 >/proc/sys/net/ipv4/ip_forward; for conf in all ens5; do echo 0 >/proc/sys/net/ipv4/conf/$conf/send_redirects; done",
    ]);
  });
  after(async () => lab?.remove());

  /** Whether a packet from a to b goes through the appliance; it has to get there at any rate. */
  async function detour(): Promise<boolean> {
    const atAppliance = await appliance.count("ip protocol 4");
    assert.equal(await delivered(b, "ip protocol 4", () => a.sendProtocol(4, ip.b)), true);
    return (await atAppliance()) > 0;
  }

  it("AWS-6 a route to a whole subnet leads its traffic through an appliance, and one to another subnet does not", async () => {
    await lab.apply((records) => records.route("v", "10.1.1.0/24", { networkInterfaceId: "eni-appliance" }));
    assert.equal(await detour(), false);
    await lab.apply((records) =>
      records
        .routeTable("own", "v", "a")
        .route("own", "10.1.3.0/24", { networkInterfaceId: "eni-appliance", instanceId: "i-appliance" }),
    );
    assert.equal(await detour(), true);
    assert.equal(await pings(a, ip.appliance), true, "the local route for all other subnets");
  });

  it("AWS-6 such a route is a black hole when its network interface is gone (AWS-28)", async () => {
    await lab.apply((records) =>
      records.routeTable("own", "v", "a").route("own", "10.1.3.0/24", { networkInterfaceId: "eni-gone" }),
    );
    assert.equal(await pings(a, ip.b), false);
    await lab.apply((records) => records.routeTable("own", "v", "a"));
    assert.equal(await pings(a, ip.b), true);
  });

  it("AWS-5 the local route is in every table, and the longest prefix wins", async () => {
    await lab.apply((records) =>
      records
        .routeTable("own", "v", "a")
        .route("own", "0.0.0.0/0", { networkInterfaceId: "eni-gone" })
        .route("own", "10.0.0.0/8", { networkInterfaceId: "eni-gone" }),
    );
    assert.equal(await pings(a, ip.b), true);
    assert.equal(await pings(a, ip.peer), false);
    await lab.apply((records) =>
      records
        .routeTable("own", "v", "a")
        .route("own", "10.0.0.0/8", { networkInterfaceId: "eni-gone" })
        .route("own", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-vw" }),
    );
    assert.equal(await pings(a, ip.peer), true);
  });

  it("AWS-8 the main table is for subnets without one of their own", async () => {
    const main = (records: CloudRecords): CloudRecords =>
      records.route("v", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-vw" });
    await lab.apply((records) => main(records).routeTable("own", "v", "a"));
    assert.equal(await pings(a, ip.peer), false, "its own");
    assert.equal(await pings(b, ip.peer), true, "the main one");
    await lab.apply(main);
    assert.equal(await pings(a, ip.peer), true);
  });

  it("AWS-7 packets to 169.254.168.0/22 are not forwarded, whatever the routes", async () => {
    const to = (destination: string): Promise<boolean> =>
      delivered(appliance, "ip protocol 4", () => a.sendProtocol(4, destination));
    await lab.apply((records) =>
      records
        .route("v", "169.254.0.0/16", { networkInterfaceId: "eni-appliance" })
        .route("v", "192.168.0.0/16", { networkInterfaceId: "eni-appliance" }),
    );
    for (const reserved of ["169.254.168.1", "169.254.171.254"]) assert.equal(await to(reserved), false, reserved);
    assert.equal(await to("192.168.168.1"), true, "the same to another block");
  });

  it("AWS-28 a route to a peering connection that is pending or gone is a black hole", async () => {
    const routed = (records: CloudRecords): CloudRecords =>
      records.route("v", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-vw" });
    for (const change of [
      (records: CloudRecords) => records.update("pcx-vw", { acceptStatus: "pending-acceptance" }),
      (records: CloudRecords) => records.remove("pcx-vw"),
    ]) {
      await lab.apply((records) => change(routed(records)));
      assert.equal(await pings(a, ip.peer), false);
    }
    await lab.apply(routed);
    assert.equal(await pings(a, ip.peer), true);
  });
});
