import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Cloud, readCloud } from "../../../lab/src/cloud/cloud";
import { Connections } from "../../../lab/src/reach/connections";
import { reach } from "../../../lab/src/reach/reach";
import { tries } from "../../support/tries";
import { CloudRecords } from "../../support/cloud-records";
import { type Case, describeDisagreement, disagreements, model, type Model, replayable, type Run } from "./judge";
import { type Observed, ProbedFabric } from "./probed-fabric";
import { type Probe, Probes, type SentProbe } from "./probe";
import { Random } from "./random";
import { randomShape, randomTopology, type Shape } from "./topology";

/** Labs at work at once: what takes time is waiting for the kernel. */
const LABS = 4;
/** Shapes stand side by side, a quarter of them in each lab; each becomes so many topologies one after another. */
const SHAPES = 16;
const GENERATIONS = tries(13);
const ROUNDS = 6;
const PROBES = 6;
/** By default always the same. */
const SEED = Number(process.env["OVERLAYNET_SEED"] ?? 20261127);

/**
 * Random small topologies with random rules, network ACLs, NAT and transit gateways, and the way of random packets in
 * them: what the model (lab/src/reach) says of a packet, and where the packet turns up on the fabric. A case that they
 * disagreed about is replayed with OVERLAYNET_CASE=<file>, other topologies are tried with OVERLAYNET_SEED=<number>.
 */
describe("the model and the packets", function () {
  this.timeout(600_000);
  const runs: Run[] = [];

  const file = process.env["OVERLAYNET_CASE"];
  if (file !== undefined) {
    it(`agree about the case in ${file}`, async () => {
      // Written by this test, by hand at most.
      const given = JSON.parse(readFileSync(file, "utf8")) as Case;
      const records = new CloudRecords(given.records);
      const fabric = await ProbedFabric.start(records, new Map());
      try {
        await fabric.become([records]);
        assert.equal(
          disagreements(await replay(fabric, given))
            .map(describeDisagreement)
            .join("\n"),
          "",
        );
      } finally {
        await fabric.remove();
      }
    });
    return;
  }

  before("all packets are sent", async () => {
    const shapes = Array.from({ length: SHAPES }, (_, index) => randomShape(new Random(SEED + index), index));
    await Promise.all(
      Array.from({ length: LABS }, async (_, lab) =>
        runs.push(...(await sendAll(shapes.filter((__, index) => index % LABS === lab)))),
      ),
    );
  });

  it(`agree about ${SHAPES * GENERATIONS} random topologies`, () => {
    const found = runs.flatMap((run) => disagreements(run));
    const probes = runs.reduce((sum, { observed }) => sum + observed.length, 0);
    assert.ok(
      found.length === 0,
      `${found.length} of ${probes} probes went another way. \n${found.slice(0, 8).map(describeDisagreement).join("\n")}\nThe first to replay, in a file named by OVERLAYNET_CASE:\n${found.slice(0, 1).map(replayable).join("")}`,
    );
    assert.equal(runs.length, SHAPES * GENERATIONS);
    // Neither verdict is rare, or agreement would say little.
    const arrived = runs.reduce((sum, { observed }) => sum + observed.filter(({ length }) => length > 0).length, 0);
    assert.ok(arrived > probes / 6 && arrived < (5 * probes) / 6, `${arrived} of ${probes} arrived`);
  });

  const changed =
    (change: (records: CloudRecords) => void): Model["read"] =>
    (records) => {
      const copy = new CloudRecords(records);
      change(copy);
      return readCloud(copy.list());
    };
  const all = (records: CloudRecords, type: string): string[] =>
    records
      .list()
      .filter((record) => record.type.endsWith(`:${type}`))
      .map(({ id }) => id);
  const rules = (records: CloudRecords): string[] => [
    ...all(records, "SecurityGroupIngressRule"),
    ...all(records, "SecurityGroupEgressRule"),
  ];

  /** The model with one of AWS' rules otherwise. */
  const mutants: Readonly<Record<string, Partial<Model>>> = {
    "the source/dest check is always off (AWS-22)": {
      read: changed((r) => all(r, "Instance").forEach((id) => r.update(id, { sourceDestCheck: false }))),
    },
    "the source/dest check is always on (AWS-22)": {
      read: changed((r) => all(r, "Instance").forEach((id) => r.update(id, { sourceDestCheck: true }))),
    },
    "security groups track nothing (AWS-11)": { reach: (cloud, origin, packet) => reach(cloud, origin, packet) },
    "protocols without ports are not tracked (AWS-12)": {
      reach: (cloud, origin, packet, connections) =>
        packet.ports === undefined && packet.icmp === undefined
          ? { ...reach(cloud, origin, packet), connections: connections ?? new Connections() }
          : reach(cloud, origin, packet, connections),
    },
    "a reference to a group is for everybody (AWS-18)": {
      read: changed((r) =>
        rules(r)
          .filter((id) => r.get(id).outputs["referencedSecurityGroupId"])
          .forEach((id) => r.update(id, { referencedSecurityGroupId: "", cidrIpv4: "0.0.0.0/0" })),
      ),
    },
    "a reference to a group is for nobody (AWS-17)": {
      read: changed((r) =>
        rules(r)
          .filter((id) => r.get(id).outputs["referencedSecurityGroupId"])
          .forEach((id) => r.update(id, { referencedSecurityGroupId: "sg-gone" })),
      ),
    },
    "rules of protocols without ports are for every protocol (AWS-16)": {
      read: changed((r) =>
        rules(r)
          .filter(
            (id) =>
              /^\d\d?$/.test(String(r.get(id).outputs["ipProtocol"])) &&
              ![1, 6, 17].includes(Number(r.get(id).outputs["ipProtocol"])),
          )
          .forEach((id) => r.update(id, { ipProtocol: "-1" })),
      ),
    },
    "everything may leave (AWS-10)": {
      read: changed((r) =>
        all(r, "SecurityGroup").forEach((id) =>
          r.egress(`mutant-${id}`, id.slice(3), { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
        ),
      ),
    },
    "network ACLs let everything through (AWS-32)": {
      read: changed((r) => r.remove(...all(r, "NetworkAclAssociation"))),
    },
    "the last rule of a network ACL that matches decides (AWS-32)": {
      read: changed((r) =>
        all(r, "NetworkAclRule").forEach((id) =>
          r.update(id, { ruleNumber: 2000 - Number(r.get(id).outputs["ruleNumber"]) }),
        ),
      ),
    },
    "network ACLs know nothing of protocols (AWS-32)": {
      read: changed((r) => all(r, "NetworkAclRule").forEach((id) => r.update(id, { protocol: "-1" }))),
    },
    "nothing is propagated to a transit gateway (AWS-31)": {
      read: changed((r) => r.remove(...all(r, "RouteTablePropagation"))),
    },
    "NAT gateways are not there (AWS-33)": {
      read: changed((r) => r.remove(...all(r, "NatGateway"), ...all(r, "EipAssociation"))),
    },
    "every peering is active (AWS-28)": {
      read: changed((r) => all(r, "VpcPeeringConnection").forEach((id) => r.update(id, { acceptStatus: "active" }))),
    },
    "every subnet has the main route table (AWS-8)": {
      read: changed((r) => r.remove(...all(r, "RouteTableAssociation"))),
    },
    "routes within another are not there (AWS-5)": {
      read: changed((r) =>
        r.remove(
          ...all(r, "Route").filter((id) => /\/2[4-8]$/.test(String(r.get(id).outputs["destinationCidrBlock"]))),
        ),
      ),
    },
    "a frame goes to the router unless its destination is in the subnet (AWS-9)": {
      reach: (cloud, origin, packet, connections) =>
        reach(cloud, origin === "internet" ? origin : { instanceId: origin.instanceId }, packet, connections),
    },
    "everything may be cut in pieces (AWS-29)": {
      reach: (cloud, origin, packet, connections) =>
        reach(cloud, origin, { ...packet, dontFragment: false }, connections),
    },
    "public addresses are nobody's (AWS-34)": {
      read: changed((r) => all(r, "Instance").forEach((id) => r.update(id, { publicIp: "" }))),
    },
  };
  for (const [what, mutant] of Object.entries(mutants)) {
    it(`would disagree if ${what}`, () => {
      assert.ok(runs.some((run) => disagreements(run, { ...model, ...mutant }).length > 0));
    });
  }
});

/** All topologies of some shapes, in a lab of their own. */
async function sendAll(shapes: readonly Shape[]): Promise<Run[]> {
  const topologies = (generation: number): CloudRecords[] =>
    shapes.map((shape) => randomTopology(new Random(SEED + 1000 * (generation + 1) + shape.index), shape));
  const secondaries = new Map(
    shapes.flatMap(({ instances }) => instances.map(({ name, secondary }) => [name, secondary] as const)),
  );
  const fabric = await ProbedFabric.start(new CloudRecords(topologies(0).flatMap((each) => each.list())), secondaries);
  try {
    const runs: Run[] = [];
    for (let generation = 0; generation < GENERATIONS; generation++) {
      const current = topologies(generation);
      await fabric.become(current);
      runs.push(...(await probe(fabric, shapes, current, generation)));
    }
    return runs;
  } finally {
    await fabric.remove();
  }
}

/**
 * A run under way: what the model says so far decides which answers are worth sending, and which packets are waited
 * for.
 */
interface Probing extends Run {
  readonly cloud: Cloud;
  readonly probes: Probes;
  readonly sent: SentProbe[];
  readonly rounds: Probe[][];
  readonly observed: Observed[];
  connections: Connections;
}

async function probe(
  fabric: ProbedFabric,
  shapes: readonly Shape[],
  topologies: readonly CloudRecords[],
  generation: number,
): Promise<Run[]> {
  const runs = shapes.map((shape, i): Probing => {
    const records = topologies[i]?.list() ?? [];
    const probes = new Probes(new Random(SEED - 1000 * (generation + 1) - shape.index), shape);
    return {
      name: `generation ${generation} of ${shape.name}`,
      records,
      cloud: readCloud(records),
      probes,
      sent: [],
      rounds: [],
      observed: [],
      connections: new Connections(),
    };
  });
  for (let round = 0; round < ROUNDS; round++) {
    const sending = runs.flatMap((run) => {
      const probes = run.probes.round(PROBES, run.sent);
      run.rounds.push(probes);
      return probes.map((each) => ({ run, probe: each }));
    });
    const expected = sending.map(({ run, probe }) => {
      const path = reach(run.cloud, probe.origin, probe.packet, run.connections);
      run.connections = path.connections;
      run.sent.push({ ...probe, path });
      return path.verdict === "delivered";
    });
    const observed = await fabric.send(
      sending.map((each) => each.probe),
      expected,
    );
    for (const [i, each] of observed.entries()) sending[i]?.run.observed.push(each);
  }
  // As it is now: a router holds a packet for an address that nobody has for 3 s, and the next topology may give it to
  // somebody.
  return runs.map((run) => ({ ...run, observed: run.observed.map((each) => [...each]) }));
}

async function replay(fabric: ProbedFabric, given: Case): Promise<Run> {
  const observed = [];
  for (const round of given.rounds)
    observed.push(
      ...(await fabric.send(
        round,
        round.map(() => false),
      )),
    );
  return { ...given, observed };
}
