import assert from "node:assert/strict";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearFaults, dropProtocol, faultLink, refuseSsh } from "../../lab/src/commands/fault/faults";
import { inspect } from "../../lab/src/commands/inspect/inspect-lab";
import { why } from "../../lab/src/commands/why/why";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { readFaults } from "../../lab/src/state/faults";
import { openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { RecordStore } from "../../lab/src/state/store";
import { CloudRecords } from "../support/cloud-records";
import { answer, delivered, GuestLab, pings } from "../support/guests";

/** a1 and a2 in one subnet, b in another VPC, peered; a2 lets no ssh in. */
function records(): CloudRecords {
  const base = new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a", "a", "10.1.1.0/24")
    .vpc("b", "10.2.0.0/16")
    .subnet("b", "b", "10.2.1.0/24")
    .peering("ab", "a", "b")
    .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .instance("a1", "a", "a", "10.1.1.11")
    .instance("a2", "a", "a", "10.1.1.12")
    .instance("b", "b", "b", "10.2.1.11");
  for (const name of ["a1", "a2", "b"])
    base
      .ingress(`${name}-icmp`, name, { ipProtocol: "icmp", fromPort: -1, toPort: -1, cidrIpv4: "10.0.0.0/8" })
      .ingress(`${name}-udp`, name, { ipProtocol: "udp", fromPort: 4000, toPort: 4000, cidrIpv4: "10.0.0.0/8" });
  for (const name of ["a1", "b"])
    base.ingress(`${name}-tcp`, name, { ipProtocol: "tcp", fromPort: 22, toPort: 23, cidrIpv4: "10.0.0.0/8" });
  return base;
}

describe("lab fault", function () {
  this.timeout(30_000);
  let made: GuestLab;
  const addresses = { a1: "10.1.1.11", a2: "10.1.1.12", b: "10.2.1.11" } as const;
  type Name = keyof typeof addresses;
  const arrivesAt = (from: Name, to: Name): Promise<boolean> =>
    delivered(made.guest(to), "udp dport 4000", () => made.guest(from).sendUdp(4000, addresses[to]));
  const answers = (from: Name, to: Name): Promise<boolean> => pings(made.guest(from), addresses[to]);

  before(async () => {
    made = await GuestLab.start(records());
    const store = new RecordStore(made.lab);
    for (const record of records().list()) store.put(record);
    for (const name of ["a1", "a2", "b"] as const)
      for (const port of [22, 23])
        await made.listen(made.guest(name).namespace, port, `echo ${name} ${port}; cat >/dev/null`);
  });
  afterEach(async () => {
    await clearFaults(made.lab);
  });
  after(async () => made.remove());

  describe("cut", () => {
    it("keeps everything from and to a node, and nothing of others, until it is cleared", async () => {
      assert.ok((await answers("a1", "a2")) && (await answers("b", "a1")));
      await faultLink(made.lab, "test-a1", "both", 1);
      assert.deepEqual(
        [await answers("a1", "a2"), await answers("b", "a1"), await answers("b", "a2")],
        [false, false, true],
      );
      assert.deepEqual((await clearFaults(made.lab, "a1")).faults.length, 2);
      assert.ok((await answers("a1", "a2")) && (await answers("b", "a1")));
    });

    it("of egress keeps what the node sends, and of ingress what it would receive", async () => {
      // A neighbour is known: ARP needs both ways.
      assert.ok(await answers("a1", "a2"));
      await faultLink(made.lab, "eni-a1", "egress", 1);
      assert.deepEqual([await arrivesAt("a1", "a2"), await arrivesAt("a2", "a1")], [false, true]);
      await clearFaults(made.lab, "eni-a1");
      await faultLink(made.lab, "a1", "ingress", 1);
      assert.deepEqual([await arrivesAt("a1", "a2"), await arrivesAt("a2", "a1")], [true, false]);
    });

    it("of a peering connection keeps what crosses it, in the direction that is cut, and nothing inside its VPCs", async () => {
      await faultLink(made.lab, "pcx-ab", "both", 1);
      assert.deepEqual(
        [await arrivesAt("a1", "b"), await arrivesAt("b", "a1"), await answers("a1", "a2")],
        [false, false, true],
      );
      await clearFaults(made.lab, "pcx-ab");
      await faultLink(made.lab, "pcx-ab", "egress", 1);
      assert.deepEqual([await arrivesAt("a1", "b"), await arrivesAt("b", "a1")], [false, true]);
    });
  });

  describe("loss", () => {
    /** Of 400 pings, those that are answered. */
    async function answered(from: Name, to: Name): Promise<number> {
      const report = await made.guest(from).exec(["sh", "-c", `ping -n -q -f -c 400 -W 1 ${addresses[to]} || :`]);
      return Number(/(\d+) received/.exec(report)?.[1]);
    }

    it("drops about that share of the packets, and none when it is cleared", async () => {
      assert.ok(await answers("a1", "b"));
      await faultLink(made.lab, "b", "ingress", 0.3);
      const count = await answered("a1", "b");
      // Seven standard deviations on each side of 280.
      assert.ok(count > 215 && count < 345, `${count} of 400`);
      const { faults } = await inspect(made.lab);
      assert.equal(faults[0]?.instanceId, "i-b");
      assert.ok(
        Math.abs((faults[0]?.packets ?? 0) - (400 - count)) <= 5,
        `${faults[0]?.packets} counted, ${400 - count} unanswered`,
      );
      await clearFaults(made.lab);
      assert.equal(await answered("a1", "b"), 400);
    });

    it("in both directions counts twice, also on a peering connection", async () => {
      await faultLink(made.lab, "pcx-ab", "both", 0.5);
      const count = await answered("a1", "b");
      assert.ok(count > 40 && count < 160, `${count} of 400, where 100 were to be expected`);
    });
  });

  describe("refuse-ssh", () => {
    const asked = async (from: Name, to: Name, port: number): Promise<string> => {
      const began = performance.now();
      const text = await answer(made.guest(from), addresses[to], port);
      return text?.trim() ?? (performance.now() - began < 290 ? "refused" : "no answer");
    };

    it("answers port 22 with a reset, to neighbours and from other VPCs, and leaves other ports alone", async () => {
      assert.equal(await asked("a2", "a1", 22), "a1 22");
      await refuseSsh(made.lab, "a1", "reset");
      const refusal = made.guest("b").exec(["socat", "-u", "-", `TCP4:${addresses.a1}:22,connect-timeout=5`]);
      await assert.rejects(refusal, /Connection refused/);
      await assert.rejects(
        made.guest("a2").exec(["socat", "-u", "-", `TCP4:${addresses.a1}:22,connect-timeout=5`]),
        /Connection refused/,
      );
      assert.deepEqual([await asked("b", "a1", 23), await asked("a1", "b", 22)], ["a1 23", "b 22"]);
      await clearFaults(made.lab);
      assert.deepEqual([await asked("a2", "a1", 22), await asked("b", "a1", 22)], ["a1 22", "a1 22"]);
    });

    it("or with nothing", async () => {
      await refuseSsh(made.lab, "a1", "drop");
      await assert.rejects(
        made.guest("b").exec(["socat", "-u", "-", `TCP4:${addresses.a1}:22,connect-timeout=0.5`]),
        /timed out/i,
      );
      assert.equal(await asked("b", "a1", 23), "a1 23");
      assert.ok(((await inspect(made.lab)).faults[0]?.packets ?? 0) > 0);
    });

    it("does not answer in place of a security group that lets no ssh in", async () => {
      await refuseSsh(made.lab, "a2", "reset");
      await assert.rejects(
        made.guest("a1").exec(["socat", "-u", "-", `TCP4:${addresses.a2}:22,connect-timeout=0.5`]),
        /timed out/i,
      );
    });
  });

  describe("drop-protocol", () => {
    const UDP = 17;

    it("keeps packets of a protocol from and to a VPC's instances, and no others", async () => {
      await dropProtocol(made.lab, "vpc-a", UDP);
      assert.deepEqual(
        [await arrivesAt("a1", "a2"), await arrivesAt("a1", "b"), await arrivesAt("b", "a1")],
        [false, false, false],
      );
      assert.ok((await answers("a1", "a2")) && (await answers("b", "a1")));
      const { faults } = await inspect(made.lab, "a1");
      assert.deepEqual(
        faults.map(({ target, kind }) => `${target} ${kind}`),
        ["vpc-a drop-protocol"],
      );
      assert.ok((faults[0]?.packets ?? 0) >= 3, `${faults[0]?.packets} packets`);
      assert.equal((await clearFaults(made.lab, "vpc-a")).faults.length, 1);
      assert.ok((await arrivesAt("a1", "a2")) && (await arrivesAt("b", "a1")));
    });

    it("of another VPC keeps what crosses to and from it, and leaves the rest alone", async () => {
      await dropProtocol(made.lab, "vpc-b", UDP);
      assert.deepEqual(
        [await arrivesAt("a1", "a2"), await arrivesAt("a1", "b"), await arrivesAt("b", "a1")],
        [true, false, false],
      );
      const told = async (port: string, protocol?: string): Promise<string[]> =>
        (await why(made.lab, "a1", "b", { port, protocol })).notes.filter((note) => note.includes("lab fault"));
      assert.deepEqual(await told("4000", "udp"), ["By lab fault, vpc-b: IP protocol 17 is dropped."]);
      assert.deepEqual(await told("22"), []);
    });
  });

  it("stays when the fabric changes", async () => {
    await faultLink(made.lab, "a1", "both", 1);
    const other = records().ingress("new", "a1", {
      ipProtocol: "tcp",
      fromPort: 80,
      toPort: 80,
      cidrIpv4: "0.0.0.0/0",
    });
    await reconcile(made.lab, other.list());
    assert.equal(await answers("a1", "a2"), false);
    await reconcile(made.lab, records().list());
    assert.deepEqual([await answers("a1", "a2"), await answers("b", "a2")], [false, true]);
  });

  it("leaves nothing in the kernel when it is cleared", async () => {
    const ruleset = (id: string): Promise<string> =>
      run(["nsenter", `--net=/run/netns/${namespacePrefix(made.lab)}${id}`, "sh", "-c", "nft list ruleset; ip route"]);
    const before = await Promise.all(["vpc-a", "eni-a1"].map(ruleset));
    await faultLink(made.lab, "a1", "both", 0.1);
    await faultLink(made.lab, "pcx-ab", "both", 0.1);
    await refuseSsh(made.lab, "a1", "reset");
    await dropProtocol(made.lab, "vpc-a", 4);
    const during = await Promise.all(["vpc-a", "eni-a1"].map(ruleset));
    for (const text of during) assert.match(text, /table (?:ip|bridge) faults/);
    await clearFaults(made.lab);
    const counted = (text: string): string => text.replaceAll(/packets \d+ bytes \d+/g, "");
    assert.deepEqual((await Promise.all(["vpc-a", "eni-a1"].map(ruleset))).map(counted), before.map(counted));
  });

  it("is told by lab why, where it is on the way", async () => {
    const told = async (to: string): Promise<string[]> =>
      (await why(made.lab, "a1", to, {})).notes.filter((note) => note.includes("lab fault"));
    assert.deepEqual(await told("b"), []);
    await faultLink(made.lab, "b", "ingress", 1);
    assert.deepEqual([await told("b"), await told("a2")], [["By lab fault, eni-b: all that it receives is lost."], []]);
  });

  it("refuses what is not there, naming what is", async () => {
    await assert.rejects(faultLink(made.lab, "c9", "both", 1), /no node "c9"\. There are: test-a1, test-a2, test-b/);
    await assert.rejects(faultLink(made.lab, "eni-9", "both", 1), /The lab has no eni-9/);
    await assert.rejects(refuseSsh(made.lab, "pcx-ab", "reset"), /The lab has no pcx-ab that has a port 22/);
    await assert.rejects(dropProtocol(made.lab, "c", 4), /The lab has no VPC "c"\. There are: vpc-a, vpc-b/);
    assert.deepEqual(readFaults(made.lab), []);
  });

  it("goes with what it is about, and with the lab", async () => {
    const lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-fault-")));
    try {
      const store = new RecordStore(lab);
      for (const record of records().list()) store.put(record);
      await faultLink(lab, "a1", "both", 1);
      await faultLink(lab, "b", "egress", 0.5);
      store.remove("i-b");
      await reconcile(lab);
      const targets = async (): Promise<string[]> => (await inspect(lab)).faults.map(({ target }) => target);
      assert.deepEqual(await targets(), ["eni-a1", "eni-a1"]);
      // Whoever makes the next one forgets the others.
      await refuseSsh(lab, "a2", "drop");
      assert.deepEqual(
        readFaults(lab).map(({ target }) => target),
        ["eni-a1", "eni-a1", "eni-a2"],
      );
    } finally {
      await destroyAll(lab);
    }
    assert.equal(existsSync(lab.state), false);
  });
});
