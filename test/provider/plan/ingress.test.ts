import assert from "node:assert/strict";
import fc from "fast-check";
import { assignAddresses } from "../../../provider/src/ipam/assign-addresses";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { type IngressPlace, ingressOf } from "../../../provider/src/plan/ingress";
import { planTopology } from "../../../provider/src/plan/plan";
import type { Path } from "../../../provider/src/plan/paths";
import { getIngress } from "../../../provider/src/resources/get-ingress";
import { ipPool, manifest } from "../../support/ip-pool";
import { tries } from "../../support/tries";

const HOSTS: readonly IngressPlace[] = [
  { name: "a1", network: "blue", subnetCidrBlock: "10.1.0.0/24", labels: {} },
  { name: "a2", network: "blue", subnetCidrBlock: "10.1.0.0/24", labels: {} },
  { name: "b1", network: "blue", subnetCidrBlock: "10.1.1.0/24", labels: {} },
  { name: "c1", network: "green", subnetCidrBlock: "10.2.0.0/24", labels: { rack: "7" } },
];

function rulesFor(pools: readonly IpPool[], hosts: readonly IngressPlace[] = HOSTS): string[] {
  const { networks } = ingressOf({ pools, networks: ["blue", "green"], hosts, vxlanPort: 4789 });
  return networks.flatMap(({ network, rules }) =>
    rules.map(
      ({ protocol, fromPort, cidrBlocks }) =>
        `${network}: ${protocol}${fromPort === undefined ? "" : ` ${fromPort}`} from ${cidrBlocks.join(" ")}`,
    ),
  );
}

describe("what networks must let in", () => {
  it("is IP in IP from other subnets, and workloads' own packets within one, with CrossSubnet", () => {
    assert.deepEqual(rulesFor([ipPool({ ipipMode: "CrossSubnet" })]), [
      "blue: 4 from 10.1.0.0/24 10.1.1.0/24 10.2.0.0/24",
      "blue: -1 from 192.168.0.0/16",
      "green: 4 from 10.1.0.0/24 10.1.1.0/24",
    ]);
  });

  it("is the tunnel alone with Always, at the port of VXLAN", () => {
    assert.deepEqual(rulesFor([ipPool({ vxlanMode: "Always" })]), [
      "blue: udp 4789 from 10.1.0.0/24 10.1.1.0/24 10.2.0.0/24",
      "green: udp 4789 from 10.1.0.0/24 10.1.1.0/24",
    ]);
  });

  it("comes from public addresses where hosts of other networks have some", () => {
    const hosts = HOSTS.map((host) => (host.name === "c1" ? { ...host, publicAddress: "198.51.100.9" } : host));
    assert.deepEqual(
      rulesFor([ipPool({ vxlanMode: "Always" })], hosts)[0],
      "blue: udp 4789 from 10.1.0.0/24 10.1.1.0/24 198.51.100.9/32",
    );
  });

  it("asks for forwarding exactly where packets carry workloads' own addresses", () => {
    const forwarding = (pools: readonly IpPool[]): string[] =>
      ingressOf({ pools, networks: ["blue", "green"], hosts: HOSTS, vxlanPort: 4789 })
        .hosts.filter((host) => host.forwarding)
        .map(({ name }) => name);
    assert.deepEqual(forwarding([ipPool({ ipipMode: "CrossSubnet" })]), ["a1", "a2"]);
    assert.deepEqual(forwarding([ipPool({ ipipMode: "Always" })]), []);
  });

  /** The plan's paths say what arrives where: each must be let in, and nothing else. */
  it("is what the plan's paths need, and no more", () => {
    const pool = fc.record({
      mode: fc.constantFrom("ipip Always", "ipip CrossSubnet", "vxlan Always", "vxlan CrossSubnet"),
      nodeSelector: fc.constantFrom("all()", "zone == 'x'", "zone == 'y'"),
    });
    const place = fc.record({ subnet: fc.nat(3), zone: fc.constantFrom("x", "y") });
    fc.assert(
      fc.property(
        fc.array(pool, { minLength: 1, maxLength: 3 }),
        fc.array(place, { minLength: 2, maxLength: 7 }),
        (kinds, places) => {
          const pools = kinds.map(({ mode, nodeSelector }, i) => {
            const [kind, value] = mode.split(" ") as ["ipip" | "vxlan", "Always" | "CrossSubnet"];
            return ipPool({ name: `p${i}`, cidr: `172.${16 + i}.0.0/16`, nodeSelector, [`${kind}Mode`]: value });
          });
          const hosts = places.map(({ subnet, zone }, i): IngressPlace & { readonly ip: string } => ({
            name: `h${i}`,
            network: subnet < 2 ? "blue" : "green",
            subnetCidrBlock: `10.${subnet}.0.0/24`,
            ip: `10.${subnet}.0.${4 + i}`,
            labels: { zone },
          }));
          const { blocks, tunnels, problems } = assignAddresses({ pools, nodes: hosts, workloads: [] });
          assert.deepEqual(problems, []);
          const { paths } = planTopology({
            pools,
            blocks,
            nodes: hosts.map(({ name, ip, network }) => ({
              name,
              ip,
              network,
              subnetPrefixLen: 24,
              ...tunnels.get(name),
            })),
          });
          const { networks } = ingressOf({ pools, networks: ["blue", "green"], hosts, vxlanPort: 4789 });
          assert.deepEqual(
            new Set(
              networks.flatMap(({ network, rules }) =>
                rules.flatMap(({ protocol, networks: from, cidrBlocks }) =>
                  (from ?? cidrBlocks).map((source) => `${network} ${protocol} ${source}`),
                ),
              ),
            ),
            needed([...paths], hosts, pools),
          );
        },
      ),
      { numRuns: tries(200) },
    );
  });
});

/** From the paths: by network, protocol, and sending network or pool. */
function needed(
  paths: readonly Path[],
  hosts: readonly (IngressPlace & { readonly ip: string })[],
  pools: readonly IpPool[],
): Set<string> {
  const byName = new Map(hosts.map((host) => [host.name, host]));
  return new Set(
    paths.flatMap(({ from, to, encapsulation }) => {
      const [sender, receiver] = [byName.get(from), byName.get(to)];
      if (sender === undefined || receiver === undefined) return [];
      if (encapsulation !== "None")
        return [`${receiver.network} ${encapsulation === "IPIP" ? "4" : "udp"} ${sender.network}`];
      // The source of a packet may be a workload of any of the sender's pools.
      return pools
        .filter(({ nodeSelector }) => nodeSelector === "all()" || nodeSelector === `zone == '${sender.labels["zone"]}'`)
        .map(({ cidr }) => `${receiver.network} -1 ${cidr}`);
    }),
  );
}

describe("getIngress", () => {
  it("takes what the Overlay takes, and names every problem at its path", () => {
    const { outputs, failures } = getIngress({
      ipPools: manifest({ ipipMode: "Always" }),
      hosts: [
        { name: "a", subnetCidrBlock: "10.1.0.0/24" },
        { name: "b", subnetCidrBlock: "10.1.1.0/24" },
      ],
    });
    assert.deepEqual(failures, []);
    assert.deepEqual(
      outputs.networks.map(({ network, rules }) => [network, rules.map(({ protocol }) => protocol)]),
      [["default", ["4"]]],
    );
    const bad = getIngress({
      ipPools: manifest({ cidr: "192.168.0.1/16" }),
      networks: [{ name: "blue" }, { name: "green" }],
      hosts: [
        { name: "a", subnetCidrBlock: "10.1.0.0/33" },
        { name: "b", network: "red", subnetCidrBlock: "10.1.0.0/24" },
      ],
    });
    assert.deepEqual(
      bad.failures.map(({ property }) => property.replace(/\[0\]\.spec.*/, "")),
      ["ipPools", "hosts[0].network", "hosts[1].network", "hosts[0].subnetCidrBlock"],
    );
  });
});
