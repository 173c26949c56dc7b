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

  it("are refused where a value is not of its kind, for each kind", () => {
    const wrong = {
      name: 5,
      assign: "yes",
      programClusterRoutes: true,
      vxlanVni: 1.5,
      vxlanPort: [],
      nodes: [
        { name: ["a"], ip: {}, vxlanMac6: "0:1", network: 1, subnet: true, labels: [] },
        {
          name: "b",
          ip: "2001:db8::1",
          ip6: "fe80::1%eth0",
          subnetPrefixLen: -1,
          subnetPrefixLen6: 129,
          labels: { a: 1 },
        },
      ],
      pools: [
        { cidr: 5, natOutgoing: 1, disabled: "no", disableBGPExport: [], blockSize: 129, namespaceSelector: 3 },
        { cidr: "10.0.0.0", vxlanMode: "", assignmentMode: 1, allowedUses: "Workload", nodeSelector: {} },
      ],
      blocks: "none",
      workloads: [{ ip: "host", node: 1 }, {}],
      networks: [{ cidrBlocks: ["10.0.0.0", 5], blockedProtocols: [256, -1, 1.5] }],
      networkMtus: [{ networks: ["a", "b", "c"] }, { networks: [1, "b"], mtu: 65536 }, { mtu: 67 }],
    };
    const text = JSON.stringify(wrong);
    assert.deepEqual(
      where(text)
        .map((line) => line.replace(/^\d+:\d+ /, ""))
        .sort(),
      [
        'assign: must be true or false, not "yes"',
        'blocks: must be a list, not "none"',
        "name: must be a string, not 5",
        "networkMtus[0].mtu: is missing",
        "networkMtus[0].networks: must name two networks",
        "networkMtus[1].mtu: must be a whole number from 68 to 65535, not 65536",
        "networkMtus[1].networks[0]: must be a string, not 1",
        "networkMtus[2].mtu: must be a whole number from 68 to 65535, not 67",
        "networkMtus[2].networks: must name two networks",
        "networks[0].blockedProtocols[0]: must be a whole number from 0 to 255, not 256",
        "networks[0].blockedProtocols[1]: must be a whole number from 0 to 255, not -1",
        "networks[0].blockedProtocols[2]: must be a whole number from 0 to 255, not 1.5",
        'networks[0].cidrBlocks[0]: must be a CIDR, not "10.0.0.0"',
        "networks[0].cidrBlocks[1]: must be a CIDR, not 5",
        "networks[0].name: is missing",
        "nodes[0].ip: must be an IPv4 address, not an object",
        "nodes[0].labels: must be an object, not a list",
        "nodes[0].name: must be a string, not a list",
        "nodes[0].network: must be a string, not 1",
        "nodes[0].subnet: must be a string, not true",
        'nodes[0].vxlanMac6: must be a MAC address such as 66:0a:0b:0c:0d:0e, not "0:1"',
        'nodes[1].ip6: must be an IPv6 address, not "fe80::1%eth0"',
        'nodes[1].ip: must be an IPv4 address, not "2001:db8::1"',
        "nodes[1].labels.a: must be a string, not 1",
        "nodes[1].subnetPrefixLen6: must be a whole number from 0 to 128, not 129",
        "nodes[1].subnetPrefixLen: must be a whole number from 0 to 32, not -1",
        "pools[0].blockSize: must be a whole number from 0 to 128, not 129",
        "pools[0].cidr: must be a CIDR, not 5",
        "pools[0].disableBGPExport: must be true or false, not a list",
        'pools[0].disabled: must be true or false, not "no"',
        "pools[0].namespaceSelector: must be a string, not 3",
        "pools[0].natOutgoing: must be true or false, not 1",
        'pools[1].allowedUses: must be a list, not "Workload"',
        "pools[1].assignmentMode: must be one of Automatic, Manual, not 1",
        'pools[1].cidr: must be a CIDR, not "10.0.0.0"',
        "pools[1].nodeSelector: must be a string, not an object",
        'pools[1].vxlanMode: must be one of Never, Always, CrossSubnet, not ""',
        "programClusterRoutes: must be a string, not true",
        "vxlanPort: must be a whole number from 1 to 65535, not a list",
        "vxlanVni: must be a whole number from 1 to 16777215, not 1.5",
        'workloads[0].ip: must be an IP address, not "host"',
        "workloads[0].node: must be a string, not 1",
        "workloads[1].ip: is missing",
        "workloads[1].node: is missing",
      ].sort(),
    );
  });

  it("hold what is written, with every field", () => {
    const node = {
      name: "a",
      ip: "10.0.0.4",
      subnetPrefixLen: 32,
      ip6: "2001:db8::4",
      subnetPrefixLen6: 128,
      ipipTunnelAddr: "10.5.0.1",
      vxlanTunnelAddr: "10.6.0.1",
      vxlanTunnelAddr6: "fd00::1",
      vxlanMac: "66:0A:0b:0c:0d:0e",
      vxlanMac6: "66:0a:0b:0c:0d:0f",
      network: "blue",
      subnet: "blue-a",
      labels: { rack: "1" },
    };
    const pool = {
      name: "p",
      cidr: "fd00::/112",
      ipipMode: "Never",
      vxlanMode: "CrossSubnet",
      natOutgoing: true,
      disabled: true,
      disableBGPExport: true,
      blockSize: 128,
      nodeSelector: "has(a)",
      namespaceSelector: "has(b)",
      allowedUses: ["LoadBalancer", "Workload"],
      assignmentMode: "Manual",
    };
    const written = {
      hostMtu: 68,
      vxlanVni: 16777215,
      vxlanPort: 65535,
      nodes: [node],
      pools: [pool],
      blocks: [{ cidr: "10.0.0.0/26", node: "a", borrowed: { "10.0.0.1": "b", "fd00::1": "c" } }],
      workloads: [
        { ip: "10.0.0.9", node: "a" },
        { ip: "fd00::9", node: "a" },
      ],
      networks: [{ name: "blue", cidrBlocks: ["10.0.0.0/8"], blockedProtocols: [0, 255] }],
      networkMtus: [{ networks: ["blue", "green"], mtu: 65535 }],
    };
    const [read] = readTopologies(JSON.stringify({ ...written, name: "one", assign: true, programClusterRoutes: "X" }));
    assert.deepEqual(read?.problems, []);
    assert.deepEqual([read.name, read.assign, read.programClusterRoutes], ["one", true, "X"]);
    assert.deepEqual(JSON.parse(JSON.stringify(read.topology)), written);
  });

  it("need nodes and pools, and nothing else", () => {
    assert.deepEqual(
      where("{}").map((line) => line.replace(/^\d+:\d+ /, "")),
      ["nodes: is missing", "pools: is missing"],
    );
    assert.deepEqual(where("nodes: []\npools: []\nblocks: null\nhostMtu: null\n"), []);
    assert.deepEqual(where("5"), ["1:1 : must be an object, not 5"]);
    const [read] = readTopologies("nodes: []\npools: []\n");
    assert.deepEqual([read?.name, read?.assign, read?.topology.blocks], [undefined, false, []]);
  });

  it("name pools once, and may leave names out of several", () => {
    const pools = [{ cidr: "10.0.0.0/8", name: "p" }, { cidr: "11.0.0.0/8" }, { cidr: "12.0.0.0/8", name: "p" }];
    const text = (changes: object): string => JSON.stringify({ nodes: [], pools, ...changes });
    assert.deepEqual(
      where(text({})).map((line) => line.replace(/^\d+:\d+ /, "")),
      ["pools[2].name: p is pools[0] already"],
    );
    assert.deepEqual(
      where(text({ pools: [], nodes: [{}, {}] })).map((line) => line.replace(/^\d+:\d+ /, "")),
      ["nodes[0].name: is missing", "nodes[1].name: is missing"],
    );
  });

  it("that are no YAML leave the others of the text, and hold nothing", () => {
    const [bad, good] = readTopologies("a: {\n---\nnodes: []\npools: []\n");
    assert.deepEqual([bad?.assign, bad?.topology], [false, { nodes: [], pools: [], blocks: [] }]);
    assert.ok(bad !== undefined && bad.problems.length > 0);
    assert.deepEqual(good?.problems, []);
  });

  it("have empty lists where nothing of a network is known", () => {
    const [read] = readTopologies("nodes: []\npools: []\nnetworks: [{name: blue}]\n");
    assert.deepEqual(read?.topology.networks, [{ name: "blue", cidrBlocks: [], blockedProtocols: [] }]);
  });

  it("keep the MTU that is written", () => {
    const [read] = readTopologies("nodes: []\npools: []\nnetworkMtus: [{networks: [a, b], mtu: 1500}]\n");
    assert.deepEqual(read?.topology.networkMtus, [{ networks: ["a", "b"], mtu: 1500 }]);
    assert.deepEqual(
      where("nodes: []\npools: []\nnetworkMtus: [{networks: [a], mtu: 1500}, {networks: [], mtu: 1500}]\n").length,
      2,
    );
  });

  it("may begin with a byte order mark", () => {
    assert.deepEqual(readTopologies(`\uFEFF${JSON.stringify(minimal)}`), readTopologies(JSON.stringify(minimal)));
  });
});

describe("reports of topologies", () => {
  const reportOf = (changes: object, index = 0): ReturnType<typeof planReport> => {
    const [read] = readTopologies(JSON.stringify({ ...minimal, ...changes }));
    assert.ok(read);
    return planReport(read, index);
  };

  it("have the topology's name, or its place", () => {
    assert.equal(reportOf({ name: "mine" }, 4).name, "mine");
    assert.equal(reportOf({}, 4).name, "topology-5");
  });

  it("hold no plan where there are problems", () => {
    const { nodes, paths, warnings, errors } = reportOf({ hostMtu: 1 });
    assert.deepEqual([[...nodes], [...paths], warnings, errors.length], [[], [], [], 1]);
  });

  it("warn where Felix would leave routes to BIRD", () => {
    const of = (changes: object): string[] =>
      reportOf({ pools: [{ cidr: "192.168.0.0/16" }], ...changes }).warnings.map(
        ({ code, message }) => `${code}: ${message}`,
      );
    assert.deepEqual(of({}), []);
    assert.deepEqual(of({ programClusterRoutes: "Enabled" }), []);
    assert.deepEqual(of({ programClusterRoutes: "Disabled" }), [
      "ProgramClusterRoutes: programClusterRoutes is Disabled, with which Felix leaves some routes to BIRD: all routes are planned all the same",
    ]);
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
