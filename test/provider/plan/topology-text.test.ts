import assert from "node:assert/strict";
import { assignTopology } from "../../../provider/src/plan/assign-topology";
import { planReport } from "../../../provider/src/plan/plan-report";
import { readTopologies } from "../../../provider/src/plan/topology-text";

const minimal = {
  nodes: [{ name: "a", ip: "10.0.0.4", subnetPrefixLen: 24 }],
  pools: [{ cidr: "192.168.0.0/16", ipipMode: "Always" }],
};
const where = (text: string): string[] =>
  readTopologies(text).flatMap(({ problems }) =>
    problems.map(({ path, message, line, column }) => `${line}:${column} ${path}: ${message}`),
  );

describe("topologies as text", () => {
  it("one, a list, or several documents, JSON or YAML", () => {
    const [one] = readTopologies(JSON.stringify(minimal));
    assert.deepEqual(one?.problems, []);
    assert.equal(readTopologies(JSON.stringify([minimal, minimal])).length, 2);
    const yaml =
      "nodes: [{name: a, ip: 10.0.0.4, subnetPrefixLen: 24}]\npools: [{cidr: 192.168.0.0/16, ipipMode: Always}]\n";
    const documents = readTopologies(`${yaml}---\n${yaml}---\n- ${yaml.replace("\n", "\n  ")}`);
    assert.equal(documents.length, 3);
    for (const document of documents) assert.deepEqual(document, one);
  });

  it("have Calico's defaults", () => {
    const [one] = readTopologies(
      JSON.stringify({ nodes: [], pools: [{ cidr: "10.0.0.0/8" }, { cidr: "fd00::/112", blockSize: null }] }),
    );
    assert.deepEqual(one?.topology.pools[0], {
      name: "pool-0",
      cidr: "10.0.0.0/8",
      ipipMode: "Never",
      vxlanMode: "Never",
      natOutgoing: false,
      disabled: false,
      disableBGPExport: false,
      blockSize: 26,
      nodeSelector: "all()",
      namespaceSelector: "",
      allowedUses: ["Workload", "Tunnel"],
      assignmentMode: "Automatic",
    });
    assert.equal(one.topology.pools[1]?.blockSize, 122);
  });

  it("tell all that is wrong, where, in YAML and in JSON", () => {
    const wrong = {
      hostMtu: "9001",
      nodes: [{ ip: "10.0.0.300" }, 5, { name: "b", ip6: "10.0.0.1", subnetPrefixLen: 33, vxlanMac: "66:00" }],
      pools: [{ cidr: "10.0.0.0/33", ipipMode: "Sometimes", allowedUses: ["Work"], nodeSelector: "a ==" }],
      blocks: [{ cidr: "10.0.0.0", borrowed: { x: 1 } }],
      networkMtus: [{ networks: ["a"], mtu: 12 }],
    };
    const expected = [
      'hostMtu: must be a whole number from 68 to 65535, not "9001"',
      "nodes[0].name: is missing",
      'nodes[0].ip: must be an IPv4 address, not "10.0.0.300"',
      "nodes[1]: must be an object, not 5",
      "nodes[2].subnetPrefixLen: must be a whole number from 0 to 32, not 33",
      'nodes[2].ip6: must be an IPv6 address, not "10.0.0.1"',
      'nodes[2].vxlanMac: must be a MAC address such as 66:0a:0b:0c:0d:0e, not "66:00"',
      'pools[0].cidr: must be a CIDR, not "10.0.0.0/33"',
      'pools[0].ipipMode: must be one of Never, Always, CrossSubnet, not "Sometimes"',
      "pools[0].nodeSelector: is no selector: expected string",
      'pools[0].allowedUses[0]: must be one of Workload, Tunnel, LoadBalancer, not "Work"',
      'blocks[0].cidr: must be a CIDR, not "10.0.0.0"',
      "blocks[0].borrowed.x: its key must be an IP address",
      "blocks[0].borrowed.x: must be a string, not 1",
      "networkMtus[0].networks: must name two networks",
      "networkMtus[0].mtu: must be a whole number from 68 to 65535, not 12",
    ];
    const found = where(JSON.stringify(wrong, undefined, 1));
    assert.deepEqual(
      found.map((line) => line.replace(/^\d+:\d+ /, "")),
      expected,
    );
    assert.equal(found[0]?.split(" ")[0], "2:13");
  });

  it("name nodes, pools and blocks once", () => {
    const text = JSON.stringify({
      nodes: [{ name: "a" }, { name: "a" }],
      pools: [{ cidr: "10.0.0.0/8" }],
      blocks: [{ cidr: "10.0.0.0/26" }, { cidr: "10.0.0.0/26" }],
    });
    assert.deepEqual(
      where(text).map((line) => line.split(" ").slice(1).join(" ")),
      ["nodes[1].name: a is nodes[0] already", "blocks[1].cidr: 10.0.0.0/26 is blocks[0] already"],
    );
  });

  it("that are no YAML either", () => assert.match(where("a: [1")[0] ?? "", /^1:\d+ : yaml: /));

  it("that are nested without end, and empty ones", () => {
    assert.match(where("[".repeat(200_000))[0] ?? "", /nested/);
    assert.deepEqual(readTopologies(""), []);
    assert.deepEqual(readTopologies("[]"), []);
  });

  it("with keys that nobody reads are refused, each key at its place with the one that was meant", () => {
    const text = JSON.stringify({
      ...minimal,
      note: "x",
      expected: {},
      hostmtu: 9,
      nodes: [{ name: "a", ipp: "10.0.0.1", labels: { any: "label" } }],
    });
    assert.deepEqual(
      where(text).map((line) => line.replace(/^\d+:\d+ /, "")),
      ["nodes[0].ipp: unknown key, did you mean ip?", "hostmtu: unknown key, did you mean hostMtu?"],
    );
    assert.match(
      where("nodes:\n  - name: a\n    weight: 3\npools: []\n").join(),
      /^3:13 nodes\[0\]\.weight: unknown key/,
    );
    const [read] = readTopologies(text);
    assert.ok(read !== undefined && planReport(read, 0).errors.length === 2);
  });
});

describe("assign: true", () => {
  const text = (changes: object): string =>
    JSON.stringify({
      ...minimal,
      nodes: [
        { name: "a", ip: "10.0.0.4", subnetPrefixLen: 24 },
        { name: "b", ip: "10.0.0.5", subnetPrefixLen: 24 },
      ],
      assign: true,
      ...changes,
    });
  const report = (changes: object): ReturnType<typeof planReport> => {
    const [read] = readTopologies(text(changes));
    assert.ok(read);
    return planReport(read, 0);
  };

  it("gives blocks and tunnel addresses", () => {
    assert.deepEqual(
      [...report({}).nodes].map(([, { routes }]) => routes),
      [
        ["192.168.0.64/26 via 10.0.0.5 dev tunl0 proto 80 onlink mtu 8981", "blackhole 192.168.0.0/26 proto 80"],
        ["192.168.0.0/26 via 10.0.0.4 dev tunl0 proto 80 onlink mtu 8981", "blackhole 192.168.0.64/26 proto 80"],
      ],
    );
  });

  it("none without being asked", () =>
    assert.deepEqual(
      [...report({ assign: false }).nodes].map(([, { routes }]) => routes),
      [[], []],
    ));

  it("where they are absent", () => {
    const [read] = readTopologies(
      text({
        nodes: [{ name: "a", ipipTunnelAddr: "192.168.9.7" }, { name: "b" }, { name: "c" }],
        blocks: [
          { cidr: "192.168.9.0/26", node: "a", borrowed: { "192.168.9.1": "b" } },
          { cidr: "192.168.0.64/28" },
          { cidr: "10.0.0.0/26", node: "b" },
        ],
        workloads: [{ ip: "192.168.0.128", node: "c" }],
      }),
    );
    assert.ok(read);
    const { topology, problems } = assignTopology(read.topology);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      topology.blocks.map(({ cidr, node, borrowed }) => [cidr, node, borrowed?.["192.168.9.1"]]),
      [
        ["192.168.9.0/26", "a", "b"],
        ["192.168.0.0/26", "b", undefined],
        ["192.168.0.128/26", "c", undefined],
        ["192.168.0.64/28", undefined, undefined],
        ["10.0.0.0/26", "b", undefined],
      ],
    );
    assert.deepEqual(
      topology.nodes.map(({ ipipTunnelAddr }) => ipipTunnelAddr),
      ["192.168.9.7", "192.168.0.0", "192.168.0.129"],
    );
  });

  it("goes by labels, the node's name among them", () => {
    const nodeSelector = 'kubernetes.io/hostname == "b" && rack == "1"';
    const plan = report({
      pools: [{ cidr: "192.168.0.0/16", ipipMode: "Always", nodeSelector }],
      nodes: [{ name: "a" }, { name: "b", labels: { rack: "1" } }],
    });
    assert.deepEqual(
      [...plan.nodes].map(([, { routes }]) => routes),
      [[], ["blackhole 192.168.0.0/26 proto 80"]],
    );
  });

  it("fails with the pool's sentence", () => {
    const { errors, nodes, paths } = report({ pools: [{ cidr: "192.168.0.0/26" }] });
    assert.match(
      errors[0]?.message ?? "",
      /^IP pool pool-0 \(192\.168\.0\.0\/26\) has 1 blocks of \/26, and the 2 nodes that it selects need 2/,
    );
    assert.deepEqual([[...nodes], [...paths]], [[], []]);
  });
});
