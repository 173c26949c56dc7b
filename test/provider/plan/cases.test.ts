import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planReport } from "../../../provider/src/plan/plan-report";
import { planTopology } from "../../../provider/src/plan/plan";
import { readTopologies } from "../../../provider/src/plan/topology-text";
import { vxlanMac } from "../../../provider/src/plan/vxlan-mac";

/** What Calico's calculation graph and managers made of the topologies: docs/compared.md says where from. */
const CASES = join(__dirname, "../../cases");

interface Expected {
  readonly linux?: readonly string[];
  readonly neigh?: readonly string[];
  readonly fdb?: readonly string[];
  readonly links?: readonly string[];
  readonly refused?: readonly string[];
  readonly ipsets?: Readonly<Record<string, readonly string[]>>;
}
interface Case {
  readonly name: string;
  readonly programClusterRoutes?: string;
  readonly expected: Readonly<Record<string, Expected>>;
}

const text = readFileSync(join(CASES, "routes.json"), "utf8");
const cases = JSON.parse(text) as readonly Case[];
const read = readTopologies(text);

/**
 * Topologies in which Felix leaves some routes to BIRD; here all are planned (docs/compared.md, "Who programs routes").
 */
const LEFT_TO_BIRD = ["06 Never, Calico default programClusterRoutes", "r031", "r052", "r096", "r280"];

/** Routes to workloads on the node itself are the CNI plugin's (docs/compared.md, "Routes of local workloads"). */
const isLocalWorkload = (line: string): boolean => line.includes(" dev cali");

describe("Calico's route cases", () => {
  it("are all there", () => {
    assert.equal(cases.length, 78);
    assert.deepEqual(
      cases
        .filter(({ programClusterRoutes = "Enabled" }) => programClusterRoutes !== "Enabled")
        .map(({ name }) => name),
      LEFT_TO_BIRD,
    );
  });

  cases.forEach(({ name, expected }, index) => {
    if (LEFT_TO_BIRD.includes(name)) return;
    const one = read[index];
    assert.ok(one);
    const report = planReport(one, index);
    const reports = new Map(report.nodes);
    const plans = planTopology(one.topology).nodes;

    describe(name, () => {
      it("has a plan for each node", () =>
        assert.deepEqual([[...reports.keys()].sort(), report.errors], [Object.keys(expected).sort(), []]));

      for (const [node, { linux = [], neigh = [], fdb = [], links = [], refused = [], ipsets }] of Object.entries(
        expected,
      )) {
        it(`${node}: routes, neighbours and FDB entries`, () => {
          assert.deepEqual(reports.get(node), {
            routes: linux.filter((line) => !isLocalWorkload(line)),
            neighbours: neigh,
            fdb,
          });
        });

        it(`${node}: devices`, () => {
          const plan = plans.get(node);
          const vxlans = [plan?.vxlan, plan?.vxlan6].flatMap((device) => (device === undefined ? [] : [device]));
          assert.deepEqual(
            [
              ...(plan?.ipip === undefined
                ? []
                : [`tunl0 type ipip mtu ${plan.ipip.mtu} addr ${plan.ipip.address}/32`]),
              ...vxlans.map(
                ({ name: device, mtu, vni, port, local, mac, address }) =>
                  `${device} type vxlan mtu ${mtu} id ${vni} local ${local} dev eth0 dstport ${port} learning false address ${mac} addr ${address}/${address.includes(":") ? 128 : 32}`,
              ),
            ],
            links,
          );
        });

        if (refused.length > 0) {
          it(`${node}: nothing that the kernel refuses`, () => {
            assert.deepEqual(
              reports.get(node)?.routes.filter((line) => refused.includes(line)),
              [],
            );
          });
        }

        if (ipsets !== undefined) {
          it(`${node}: pools and members`, () => {
            const plan = plans.get(node);
            const both = (set: string): string[] => [...(ipsets[set] ?? []), ...(ipsets[`${set}-v6`] ?? [])];
            assert.deepEqual([...(plan?.allPools ?? [])].sort(), both("network-ip-pools").sort());
            assert.deepEqual([...(plan?.masqueradePools ?? [])].sort(), both("masq-ipam-pools").sort());
            if (plan?.ipip !== undefined)
              assert.deepEqual([...plan.ipipMembers].sort(), [...(ipsets["all-hosts-net"] ?? [])].sort());
            if (plan?.vxlan !== undefined || plan?.vxlan6 !== undefined)
              assert.deepEqual([...plan.vxlanMembers].sort(), both("all-vxlan-net").sort());
          });
        }
      }
    });
  });
});

describe("MAC addresses of VXLAN devices", () => {
  const macs = JSON.parse(readFileSync(join(CASES, "vxlan-macs.json"), "utf8")) as readonly {
    readonly name: string;
    readonly v4: string;
    readonly v6: string;
  }[];
  it("are all there", () => assert.equal(macs.length, 56));
  for (const { name, v4, v6 } of macs) {
    it(`of node ${JSON.stringify(name.slice(0, 40))}`, () =>
      assert.deepEqual([vxlanMac(name, 4), vxlanMac(name, 6)], [v4, v6]));
  }
});
