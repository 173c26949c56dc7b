import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AssignAddressesArgs,
  assignAddresses,
  type AssignedAddresses,
} from "../../../provider/src/ipam/assign-addresses";
import { containsAddress, parseAddress, parseCidr } from "../../../provider/src/ippool/cidr";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { ipPool } from "../../support/ip-pool";

const nodes = [{ name: "a" }, { name: "b", labels: { rack: "1" } }];
const ipip = ipPool({ ipipMode: "CrossSubnet" });

function addresses(args: Partial<AssignAddressesArgs>): Record<string, string> {
  const { workloads, problems } = assignAddresses({ pools: [ipip], nodes, workloads: [], ...args });
  assert.deepEqual(problems, []);
  return Object.fromEntries(workloads.map(({ name, address }) => [name, address]));
}

function problems(args: Partial<AssignAddressesArgs>): string[] {
  return assignAddresses({ pools: [ipip], nodes, workloads: [], ...args }).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe("addresses of workloads", () => {
  it("are the lowest free ones of the node's block, after the tunnel's", () => {
    const workloads = [
      { name: "w1", node: "a" },
      { name: "w2", node: "b" },
      { name: "w3", node: "a" },
    ];
    assert.deepEqual(addresses({ workloads }), { w1: "192.168.0.1", w2: "192.168.0.65", w3: "192.168.0.2" });
    assert.deepEqual(addresses({ workloads, pools: [ipPool()] }), {
      w1: "192.168.0.0",
      w2: "192.168.0.64",
      w3: "192.168.0.1",
    });
  });

  it("come from the pool that is named, or the first that gives addresses by itself", () => {
    const pools = [
      ipPool({ name: "lb", cidr: "10.0.0.0/16", allowedUses: ["LoadBalancer"] }),
      ipPool({ name: "off", cidr: "10.1.0.0/16", disabled: true }),
      ipPool({ name: "manual", cidr: "10.2.0.0/16", assignmentMode: "Manual" }),
      ipPool({ name: "tenants", cidr: "10.3.0.0/16", namespaceSelector: 'tenant == "x"' }),
      ipPool({ name: "rack", cidr: "10.4.0.0/16", nodeSelector: "has(rack)" }),
      ipPool({ name: "rest", cidr: "10.5.0.0/16" }),
    ];
    const workloads = [
      { name: "w1", node: "a" },
      { name: "w2", node: "b" },
      { name: "w3", node: "b", pool: "manual" },
      { name: "w4", node: "a", pool: "tenants" },
    ];
    assert.deepEqual(addresses({ pools, workloads }), {
      w1: "10.5.0.0",
      w2: "10.4.0.0",
      w3: "10.2.0.0",
      w4: "10.3.0.0",
    });
  });

  it("of one node come from the pools in turn, and stay when a pool comes", () => {
    const pools = ["one", "two"].map((name, i) => ipPool({ name, cidr: `10.${i}.0.0/16` }));
    const workloads = ["w1", "w2", "w3"].map((name) => ({ name, node: "a" })).concat({ name: "w4", node: "b" });
    const first = assignAddresses({ pools, nodes: [{ name: "a" }, { name: "b" }], workloads });
    assert.deepEqual(
      first.workloads.map(({ name, pool }) => `${name} ${pool}`),
      ["w1 one", "w2 two", "w3 one", "w4 one"],
    );
    const more = assignAddresses({
      pools: [ipPool({ name: "new", cidr: "10.9.0.0/16" }), ...pools],
      nodes: [{ name: "a" }, { name: "b" }],
      workloads,
      previous: first,
    });
    assert.deepEqual(more.workloads, first.workloads);
  });

  it("more of them than a block holds get more blocks", () => {
    const workloads = Array.from({ length: 6 }, (_, index) => ({ name: `w${index}`, node: "a" }));
    const pools = [ipPool({ cidr: "10.0.0.0/24", blockSize: 30, ipipMode: "Always" })];
    assert.deepEqual(Object.values(addresses({ pools, workloads })), [
      "10.0.0.1",
      "10.0.0.2",
      "10.0.0.3",
      "10.0.0.4",
      "10.0.0.5",
      "10.0.0.6",
    ]);
  });

  it("that fill a block of a pool which gives no tunnel addresses need no other", () => {
    const workloads = Array.from({ length: 4 }, (_, index) => ({ name: `w${index}`, node: "a" }));
    const blocksOf = (allowedUses: IpPool["allowedUses"]): string[] => {
      const pool = ipPool({ cidr: "10.0.0.0/24", blockSize: 30, ipipMode: "Always", allowedUses });
      return assignAddresses({ pools: [pool], nodes: [{ name: "a" }], workloads }).blocks.map(({ cidr }) => cidr);
    };
    assert.deepEqual(blocksOf(["Workload"]), ["10.0.0.0/30"]);
    assert.deepEqual(blocksOf(["Workload", "Tunnel"]), ["10.0.0.0/30", "10.0.0.4/30"]);
  });

  it("stay when workloads and nodes come and go, and when a tunnel comes", () => {
    const plain = [ipPool()];
    const first = assignAddresses({
      pools: plain,
      nodes,
      workloads: [
        { name: "w1", node: "a" },
        { name: "w2", node: "a" },
      ],
    });
    const workloads = [
      { name: "w0", node: "a" },
      { name: "w2", node: "a" },
    ];
    assert.deepEqual(addresses({ pools: plain, workloads, previous: first }), { w0: "192.168.0.0", w2: "192.168.0.1" });
    const tunnelled = assignAddresses({
      pools: [ipip],
      nodes,
      workloads: [{ name: "w1", node: "a" }],
      previous: first,
    });
    assert.equal(tunnelled.workloads[0]?.address, "192.168.0.0");
    assert.equal(tunnelled.tunnels.get("a")?.ipipTunnelAddr, "192.168.0.1");
  });

  it("change when the workload changes its node", () => {
    const first = assignAddresses({ pools: [ipip], nodes, workloads: [{ name: "w1", node: "a" }] });
    assert.deepEqual(addresses({ workloads: [{ name: "w1", node: "b" }], previous: first }), { w1: "192.168.0.65" });
  });

  it("stay in a disabled pool, which takes no new workload", () => {
    const first = assignAddresses({ pools: [ipip], nodes, workloads: [{ name: "w1", node: "a" }] });
    const pools = [
      ipPool({ ipipMode: "CrossSubnet", disabled: true }),
      ipPool({ name: "next", cidr: "10.0.0.0/16", ipipMode: "CrossSubnet" }),
    ];
    assert.deepEqual(
      addresses({
        pools,
        workloads: [
          { name: "w1", node: "a" },
          { name: "w2", node: "a" },
        ],
        previous: first,
      }),
      { w1: "192.168.0.1", w2: "10.0.0.0" },
    );
  });

  it("all problems at once, each at its place", () => {
    const pools = [
      ipPool({ allowedUses: ["Tunnel"], ipipMode: "Always" }),
      ipPool({ name: "rack", cidr: "10.4.0.0/16", nodeSelector: "has(rack)" }),
      ipPool({ name: "off", cidr: "10.1.0.0/16", disabled: true }),
    ];
    const workloads = [
      { name: "w1", node: "c" },
      { name: "w2", node: "a" },
      { name: "w3", node: "a", pool: "nowhere" },
      { name: "w4", node: "a", pool: "pool" },
      { name: "w5", node: "a", pool: "rack" },
      { name: "w6", node: "a", pool: "off" },
      { name: "w6", node: "b" },
    ];
    assert.deepEqual(problems({ pools, workloads }), [
      "workloads[0].node: workload w1 is on node c, which does not exist: name one of a, b",
      "workloads[1].node: no IP pool gives workloads of node a addresses: an enabled pool is needed with allowedUses Workload, assignmentMode Automatic, no namespaceSelector, and a nodeSelector that selects the node",
      "workloads[2].pool: workload w3 asks for IP pool nowhere, which does not exist: name one of pool, rack, off",
      "workloads[3].pool: workload w4 cannot get an address from IP pool pool: its allowedUses are Tunnel; add Workload",
      "workloads[4].pool: workload w5 cannot get an address from IP pool rack: its nodeSelector (has(rack)) does not select the workload's node",
      "workloads[5].pool: workload w6 cannot get an address from IP pool off: it is disabled; enable it",
      "workloads[6].name: two workloads are named w6: name each one once",
    ]);
  });

  it("too many for the pool is the pool's problem", () => {
    const workloads = Array.from({ length: 8 }, (_, index) => ({ name: `w${index}`, node: "a" }));
    assert.match(
      problems({
        pools: [ipPool({ cidr: "10.0.0.0/29", blockSize: 30, ipipMode: "Always" })],
        nodes: [{ name: "a" }],
        workloads,
      })[0] ?? "",
      /^pools\[0\]\.cidr: IP pool pool \(10\.0\.0\.0\/29\) has 2 blocks of \/30, and the 1 nodes that it selects need 3/,
    );
  });

  it("are never given twice, lie in their node's blocks, and survive any order of coming and going", () => {
    const workload = fc.record(
      { name: fc.constantFrom("w1", "w2", "w3", "w4", "w5", "w6"), node: fc.constantFrom("a", "b", "c") },
      { noNullPrototype: true },
    );
    const steps = fc.array(fc.uniqueArray(workload, { selector: ({ name }) => name, maxLength: 6 }), {
      minLength: 1,
      maxLength: 8,
    });
    const mode = fc.constantFrom("Never" as const, "Always" as const);
    fc.assert(
      fc.property(steps, fc.array(mode, { minLength: 8, maxLength: 8 }), (all, modes) => {
        let previous: AssignedAddresses | undefined;
        all.forEach((workloads, index) => {
          const pools = [ipPool({ cidr: "10.0.0.0/24", blockSize: 30, ipipMode: modes[index] ?? "Never" })];
          const args = { pools, nodes: [{ name: "a" }, { name: "b" }, { name: "c" }], workloads };
          const result = assignAddresses({ ...args, previous });
          assert.deepEqual(result.problems, []);
          const given = [
            ...result.workloads.map(({ address }) => address),
            ...[...result.tunnels.values()].flatMap((tunnel) =>
              Object.values(tunnel).filter((address) => address !== undefined),
            ),
          ];
          assert.equal(new Set(given).size, given.length);
          assert.equal(result.workloads.length, workloads.length);
          for (const { name, node, address } of result.workloads) {
            const own = result.blocks.filter((block) => block.node === node);
            assert.ok(own.some(({ cidr }) => containsAddress(parseCidr(cidr), parseAddress(address))));
            const before = previous?.workloads.find((other) => other.name === name && other.node === node);
            if (before !== undefined) assert.equal(address, before.address);
          }
          previous = result;
        });
      }),
    );
  });
});
