import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterArgs } from "../../../provider/src/generated/component-args";
import {
  clearTexts,
  HOST_PRIVATE_KEY,
  instanceOf,
  isSecret,
  recordCluster,
  recordConstruct,
  type RecordedStack,
} from "./recorded-stack";

const NODES = ["blue-a0", "blue-a1", "blue-b0", "blue-b1", "green-a0", "green-a1"];

function manifest(spec: string): string {
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: pool-1\nspec:\n  cidr: 192.168.0.0/16\n${spec.replace(/^/gm, "  ")}\n`;
}

function quickStart(others: Partial<ClusterArgs> = {}): ClusterArgs {
  return {
    ipPools: manifest("ipipMode: CrossSubnet\nnatOutgoing: true"),
    ipPoolsSource: "pools.yaml",
    networks: [
      {
        name: "blue",
        cidrBlock: "10.1.0.0/16",
        subnets: [
          { availabilityZone: "us-east-1a", nodes: 2 },
          { availabilityZone: "us-east-1b", nodes: 2 },
        ],
      },
      { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 2 }] },
    ],
    workloadsPerNode: 1,
    ssh: { adminCidrBlocks: ["203.0.113.7/32"] },
    ...others,
  };
}

/** Everything that a resource waits for, directly or through others. */
function behind({ resources }: RecordedStack, key: string, seen = new Set<string>()): ReadonlySet<string> {
  for (const dependency of resources.get(key)?.dependencies ?? []) {
    if (seen.has(dependency)) continue;
    seen.add(dependency);
    behind({ resources } as RecordedStack, dependency, seen);
  }
  return seen;
}

function named(stack: RecordedStack, type: string): string[] {
  return [...stack.resources.values()].filter((resource) => resource.type === type).map(({ name }) => name);
}

const INSTANCE = "aws:ec2/instance:Instance";
const RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const own = (type: string, name: string): string => `overlaynet:index:${type}::test-${name}`;

describe("Cluster", () => {
  let stack: RecordedStack;
  before(async function () {
    // The first import of @pulumi/aws.
    this.timeout(60_000);
    stack = await recordCluster(quickStart());
  });

  it("makes before it breaks: rules and topology, devices everywhere, routes, workloads", () => {
    assert.deepEqual(
      new Set(
        stack.resources.get("overlaynet:index:Topology::test")?.dependencies.filter((key) => key.startsWith(INSTANCE)),
      ),
      new Set(NODES.map((node) => instanceOf(stack, node).key)),
    );
    assert.ok(behind(stack, "overlaynet:index:Topology::test").has("overlaynet:index:IpPools::test"));
    for (const node of NODES) {
      const network = node.split("-")[0];
      const tunnel = behind(stack, own("Tunnel", `${node}-ipip`));
      for (const needed of [
        "overlaynet:index:Topology::test",
        instanceOf(stack, node).key,
        `${RULE}::test-${network}-4-blue`,
        ...(network === "blue" ? [`${RULE}::test-blue-4-green`] : []),
        `${RULE}::test-${network}-tcp-22-203.0.113.7-32`,
      ]) {
        assert.ok(tunnel.has(needed), `Tunnel ${node} -> ${needed}`);
      }
      const routes = behind(stack, own("Routes", node));
      for (const other of NODES)
        assert.ok(routes.has(own("Tunnel", `${other}-ipip`)), `Routes ${node} -> Tunnel ${other}`);
      for (const needed of [
        `${RULE}::test-${network}-all-192.168.0.0-16`,
        "aws:ec2/route:Route::test-blue-10.2.0.0-16",
        "aws:ec2/route:Route::test-green-10.1.0.0-16",
      ])
        assert.ok(routes.has(needed), `Routes ${node} -> ${needed}`);
      assert.ok(behind(stack, own("Workload", `${node}-w0`)).has(own("Routes", node)));
    }
  });

  it("boots instances only once they can reach their package mirror, and not after anything of the overlay", () => {
    for (const node of NODES) {
      const network = node.split("-")[0];
      const instance = instanceOf(stack, node);
      const subnet = String(instance.inputs["privateIp"]).replace(/\.\d+$/, ".0-24");
      const before = behind(stack, instance.key);
      for (const needed of [
        `aws:ec2/route:Route::test-${network}-0.0.0.0-0`,
        `aws:ec2/routeTableAssociation:RouteTableAssociation::test-${network}-${subnet}`,
        `aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule::test-${network}-egress`,
        `overlaynet:index:SshKey::test-${node}`,
      ]) {
        assert.ok(before.has(needed), `${node} -> ${needed}`);
      }
      assert.ok(![...before].some((key) => /IpPools|Topology|Tunnel|ingressrule/i.test(key)), [...before].join());
    }
  });

  it("has no cycle", () => {
    for (const key of stack.resources.keys()) assert.ok(!behind(stack, key).has(key), key);
  });

  it("lets what stands on a node go with it, also where its instance is gone already", () => {
    for (const { key, type, name, deletedWith, inputs } of stack.resources.values()) {
      const onNode = /:(Tunnel|Routes|Workload)$/.test(type);
      const node = NODES.find((one) => name.startsWith(`test-${one}`));
      assert.equal(deletedWith, onNode ? `overlaynet:index:SshKey::test-${node}` : "", key);
      if (onNode) assert.equal(inputs["incarnation"], `id-of-${instanceOf(stack, node ?? "").name}`);
    }
  });

  it("asks for instances as Calico and good manners want them", () => {
    const { inputs, deleteBeforeReplace, ignoreChanges, replacementTrigger } = instanceOf(stack, "blue-b1");
    const { userDataBase64, vpcSecurityGroupIds, keyName, ami, subnetId, ...others } = inputs;
    assert.deepEqual(others, {
      associatePublicIpAddress: true,
      instanceType: "t3.micro",
      metadataOptions: { httpPutResponseHopLimit: 1, httpTokens: "required" },
      privateIp: "10.1.1.5",
      sourceDestCheck: false,
      tags: { Name: "test-blue-b1" },
    });
    assert.deepEqual(
      [vpcSecurityGroupIds, keyName, ami, subnetId],
      [["id-of-test-blue"], "test-1234567", "ami-debian", "id-of-test-blue-10.1.1.0-24"],
    );
    assert.ok(isSecret(userDataBase64));
    assert.equal(deleteBeforeReplace, true);
    // What a user chose replaces it; the rest of its user data is a release's own.
    assert.deepEqual(ignoreChanges, ["associatePublicIpAddress", "userDataBase64", "ami"]);
    assert.deepEqual(replacementTrigger, {
      name: "blue-b1",
      publicIp: true,
      hostKey: "ssh-ed25519 AAAAtest-blue-b1",
    });
  });

  it("shows no private key outside of secrets", () => {
    const secretWord = "HOST-SECRET";
    const found = [...stack.resources.values()].filter(({ inputs }) =>
      clearTexts(inputs).some(
        (text) => text.includes(secretWord) || Buffer.from(text, "base64").toString().includes(secretWord),
      ),
    );
    assert.deepEqual(
      found.map(({ key }) => key),
      [],
    );
    // The check would find one.
    assert.ok(clearTexts({ key: [HOST_PRIVATE_KEY] }).some((text) => text.includes(secretWord)));
  });

  it("has outputs in the form that verify reads", async () => {
    const { nodes, workloads, ssh, vpcIds, securityGroupIds, warnings } = stack.cluster;
    const [node, workload, vpcs, groups, warned, secret] = await new Promise<
      [unknown, unknown, unknown, unknown, unknown, boolean]
    >((resolve) => {
      pulumi
        .all([nodes, workloads, vpcIds, securityGroupIds, warnings, pulumi.isSecret(pulumi.output(ssh.privateKey))])
        .apply(([n, w, v, s, warned, secret]) => resolve([n[0], w[0], v, s, warned, secret]));
    });
    assert.deepEqual(node, {
      name: "blue-a0",
      network: "blue",
      subnet: "a",
      availabilityZone: "us-east-1a",
      privateIp: "10.1.0.4",
      publicIp: "198.18.0.18",
      instanceId: "id-of-test-blue-10.1.0.4",
      host: "198.18.0.18",
      hostKey: "ssh-ed25519 AAAAtest-blue-a0",
    });
    assert.deepEqual(workload, {
      name: "blue-a0-w0",
      node: "blue-a0",
      pool: "pool",
      address: "192.168.0.1",
      mtu: 8981,
      namespace: "wl-blue-a0-w0",
    });
    assert.deepEqual(
      [vpcs, groups],
      [
        { blue: "id-of-test-blue-10.1.0.0-16", green: "id-of-test-green-10.2.0.0-16" },
        { blue: "id-of-test-blue", green: "id-of-test-green" },
      ],
    );
    assert.deepEqual(warned, [{ code: "FromTopology", message: "of the topology" }]);
    assert.deepEqual([ssh.user, ssh.port, secret], ["admin", 22, true]);
  });

  it("changes nothing on the others' side when a node is added", async () => {
    const [blue, green] = quickStart().networks;
    assert.ok(blue && green);
    const grown = await recordCluster(
      quickStart({
        networks: [
          { ...blue, subnets: blue.subnets.map((subnet, i) => (i === 0 ? { ...subnet, nodes: 3 } : subnet)) },
          green,
        ],
      }),
    );
    const added = [...grown.resources.keys()].filter((key) => !stack.resources.has(key));
    assert.deepEqual(
      added.sort(),
      [
        `${INSTANCE}::test-blue-10.1.0.6`,
        own("Routes", "blue-a2"),
        own("SshKey", "blue-a2"),
        own("Tunnel", "blue-a2-ipip"),
        own("Workload", "blue-a2-w0"),
      ].sort(),
    );
    const changed = [...stack.resources.values()].filter(
      ({ key, inputs }) => JSON.stringify(grown.resources.get(key)?.inputs) !== JSON.stringify(inputs),
    );
    assert.deepEqual(changed.map(({ key }) => key).sort(), [
      "overlaynet:index:Topology::test",
      "overlaynet:index:TunnelsReady::test",
    ]);
  });

  it("differs between modes by their tunnels and rules alone", async () => {
    const vxlan = await recordCluster(quickStart({ ipPools: manifest("vxlanMode: Always") }));
    const gone = [...stack.resources.keys()].filter((key) => !vxlan.resources.has(key));
    const come = [...vxlan.resources.keys()].filter((key) => !stack.resources.has(key));
    const pairs = ["blue", "green"].flatMap((one) => ["blue", "green"].map((other) => [one, other] as const));
    // Green has one subnet, in which CrossSubnet encapsulates nothing.
    const encapsulated = pairs.filter(([one, other]) => one !== "green" || other !== "green");
    assert.deepEqual(
      gone.sort(),
      [
        ...NODES.map((node) => own("Tunnel", `${node}-ipip`)),
        ...encapsulated.map(([one, other]) => `${RULE}::test-${one}-4-${other}`),
        `${RULE}::test-blue-all-192.168.0.0-16`,
        `${RULE}::test-green-all-192.168.0.0-16`,
      ].sort(),
    );
    assert.deepEqual(
      come.sort(),
      [
        ...NODES.map((node) => own("Tunnel", `${node}-vxlan`)),
        ...pairs.map(([one, other]) => `${RULE}::test-${one}-udp-4789-${other}`),
      ].sort(),
    );
  });

  it("keeps to a chosen image, and to user, port and way of ssh", async () => {
    const args = quickStart({
      imageId: "ami-mine",
      sourceDestCheck: { "green-a0": true },
      tags: { team: "net" },
      ssh: { user: "ubuntu", port: 2222, proxyCommand: "nc %h %p", adminCidrBlocks: [] },
    });
    const other = await recordCluster(args);
    const { inputs, ignoreChanges } = instanceOf(other, "green-a0");
    assert.deepEqual(
      [inputs["ami"], inputs["sourceDestCheck"], inputs["tags"], ignoreChanges],
      ["ami-mine", true, { Name: "test-green-a0", team: "net" }, ["associatePublicIpAddress", "userDataBase64"]],
    );
    const connection = other.resources.get(own("Routes", "blue-a0"))?.inputs["connection"];
    assert.ok(typeof connection === "object" && connection !== null);
    const { privateKey, ...clear } = connection as Record<string, unknown>;
    assert.ok(isSecret(privateKey));
    assert.deepEqual(clear, {
      host: "198.18.0.18",
      port: 2222,
      user: "ubuntu",
      hostKey: "ssh-ed25519 AAAAtest-blue-a0",
      proxyCommand: "nc %h %p",
    });
    assert.deepEqual(
      named(other, RULE).filter((name) => name.includes("tcp")),
      [],
    );
    assert.equal(other.cluster.ssh.proxyCommand, "nc %h %p");
  });

  it("looks for a node at its private address while it is stopped and has no public one", async () => {
    const { resources } = await recordCluster(quickStart(), "test", { stopped: true });
    const { host } = resources.get(own("Routes", "blue-b1"))?.inputs["connection"] as { host?: string };
    assert.equal(host, "10.1.1.5");
  });

  it("logs in as the image's own user, and installs what its distribution calls so", async () => {
    const rows: unknown[] = [];
    for (const imageId of [undefined, "ami-debian", "ami-ubuntu", "ami-amazon"]) {
      const { resources } = await recordCluster(quickStart({ imageId }));
      const { user } = resources.get(own("Routes", "blue-a0"))?.inputs["connection"] as { user?: string };
      const userData = instanceOf({ resources }, "blue-a0").inputs["userDataBase64"] as { value?: string };
      rows.push([user, /containernetworking-plugins/.test(Buffer.from(userData.value ?? "", "base64").toString())]);
    }
    assert.deepEqual(rows, [
      ["admin", true],
      ["admin", true],
      ["ubuntu", true],
      ["ec2-user", false],
    ]);
  });

  it("gives security groups names that AWS takes, whatever the cluster is called", async () => {
    const other = await recordCluster(quickStart(), "sg-lab");
    // EC2's name is made from the resource's.
    const GROUP = "aws:ec2/securityGroup:SecurityGroup";
    assert.deepEqual(named(other, GROUP), ["overlaynet-sg-lab-blue", "overlaynet-sg-lab-green"]);
    assert.deepEqual(named(stack, GROUP), ["test-blue", "test-green"]);
    for (const { type, inputs } of other.resources.values()) assert.ok(type !== GROUP || inputs["name"] === undefined);
  });

  it("looks up the image for the architecture of the instance type", async () => {
    const rows: unknown[] = [];
    for (const instanceType of ["t3.micro", "t4g.micro", "m7gd.large", "g5.xlarge", "c6a.large"]) {
      const { invokes } = await recordCluster(quickStart({ instanceType }));
      const { filters, owners } = (invokes.find(({ token }) => token.includes("getAmi"))?.inputs ?? {}) as {
        filters?: { name: string; values: string[] }[];
        owners?: string[];
      };
      rows.push([instanceType, filters?.find(({ name }) => name === "name")?.values[0], owners?.[0]]);
    }
    const [amd64, arm64] = ["debian-12-amd64-*", "debian-12-arm64-*"];
    assert.deepEqual(rows, [
      ["t3.micro", amd64, "136693071363"],
      ["t4g.micro", arm64, "136693071363"],
      ["m7gd.large", arm64, "136693071363"],
      ["g5.xlarge", amd64, "136693071363"],
      ["c6a.large", amd64, "136693071363"],
    ]);
  });

  it("is constructed from a program's inputs, with the provider's proxy command", async () => {
    const { error, resources, state } = await recordConstruct(
      { ...quickStart({ ssh: {} }), interconnect: "Peering" },
      "enter-lab %h %p",
    );
    assert.equal(error, undefined);
    assert.equal(
      Object.keys(state).sort().join(),
      "blocks,nodes,privateIps,securityGroupIds,ssh,topology,vpcIds,warnings,workloads",
    );
    assert.equal(state["ssh"].proxyCommand, "enter-lab %h %p");
    assert.ok(resources.has(own("Routes", "green-a1")));
  });

  it("refuses zones that the region does not have, having made nothing", async () => {
    const networks = [
      { name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1f", nodes: 1 }] },
    ];
    const { error, resources } = await recordConstruct({ ...quickStart({ networks }) });
    assert.ok(pulumi.InputPropertiesError.isInstance(error));
    assert.deepEqual(
      error.errors.map(({ propertyPath }) => propertyPath),
      ["networks[0].subnets[0].availabilityZone"],
    );
    assert.match(
      error.errors[0]?.reason ?? "",
      /no zone "us-east-1f" .* which has us-east-1a, us-east-1b, us-east-1c: name one of these, or set aws:region/,
    );
    assert.equal(resources.size, 0);
  });

  it("refuses keys that nobody reads, having made nothing", async () => {
    const { networks, ...others } = quickStart();
    const { error, resources } = await recordConstruct({
      ...others,
      networks: networks.map((network) => ({ ...network, natGatway: true })),
      vxlanport: 8472,
    });
    assert.ok(pulumi.InputPropertiesError.isInstance(error), String(error));
    assert.deepEqual(
      error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`),
      [
        "networks[0].natGatway: unknown key, did you mean natGateway?",
        "networks[1].natGatway: unknown key, did you mean natGateway?",
        "vxlanport: unknown key, did you mean vxlanPort?",
      ],
    );
    assert.equal(resources.size, 0);
  });

  it("refuses bad arguments with everything that is wrong with them, having made nothing", async () => {
    const bad = quickStart({
      ipPools: manifest("ipipMode: Always\nvxlanMode: Always"),
      networks: [{ name: "blue", cidrBlock: "10.1.0.0/33", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] }],
      ssh: { adminCidrBlocks: [] },
    });
    const { error, resources } = await recordConstruct({ ...bad });
    assert.ok(pulumi.InputPropertiesError.isInstance(error), String(error));
    const lines = error.errors.map(({ propertyPath, reason }) => `${propertyPath}: ${reason}`);
    assert.equal(lines.length, 3, lines.join("\n"));
    assert.match(lines[0] ?? "", /^ipPools\[0\]\.spec.*ipipMode and vxlanMode cannot both be enabled.*pools\.yaml:\d+/);
    assert.match(lines[1] ?? "", /^networks\[0\]\.cidrBlock: "10\.1\.0\.0\/33" is not a CIDR/);
    assert.match(lines[2] ?? "", /^ssh\.adminCidrBlocks: nobody could reach the nodes by ssh: .*pulumi config set/);
    assert.equal(resources.size, 0);
  });
});
