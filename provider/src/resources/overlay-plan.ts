import { DEFAULTS, type OverlayArgs, type OverlayHostArgs, type OverlayNetworkArgs } from "../generated/component-args";
import type { TopologyWorkload } from "../generated/resource-types";
import { type IpPool } from "../ippool/ippool";
import { loadIpPools } from "../ippool/load";
import type { TunnelKind } from "../ippool/pool-mode";
import type { Problem } from "../ippool/problem";
import { LONGEST_WORKLOAD_NAME } from "../node/workload";
import { encapsulationsInUse } from "../plan/encapsulations-in-use";
import { settledNetworks } from "./settled-networks";

/** What an Overlay is going to consist of: everything that decides which resources there are. */
export interface OverlayPlan {
  readonly pools: readonly IpPool[];
  readonly networks: readonly OverlayNetworkArgs[];
  readonly hosts: readonly PlannedHost[];
  readonly encapsulations: readonly TunnelKind[];
  readonly workloads: readonly TopologyWorkload[];
  readonly problems: readonly Problem[];
}

/** A host whose network is settled. */
export type PlannedHost = OverlayHostArgs & { readonly network: string };

/** A host name (RFC 1123); test workloads are named after it, and have shorter ones. */
const HOST_NAME = /^(?=.{1,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;

/** Works an Overlay out from its arguments, with all their problems at once: nothing is made while there is one. */
export function planOverlay(args: OverlayArgs): OverlayPlan {
  const { pools, problems: poolProblems } = loadIpPools(args.ipPools);
  const { networks, hosts, problems } = settledNetworks<OverlayHostArgs, OverlayNetworkArgs>(args.networks, args.hosts);
  const count = args.workloadsPerNode ?? DEFAULTS.Overlay.workloadsPerNode;
  return {
    pools,
    networks,
    hosts,
    encapsulations: encapsulationsInUse(pools),
    workloads: hosts.flatMap(({ name }) => workloadsOf(name, count)),
    problems: [
      ...poolProblems,
      ...problems,
      ...networkMtuProblems(networks, args),
      ...hostProblems(hosts, count),
      ...accessProblems(args),
    ],
  };
}

/** Whether the names of a host's test workloads, `<host>-w<number>`, are names of parts. */
export function canNameWorkloads(host: string, count: number): boolean {
  const longest = workloadsOf(host, count).at(-1)?.name ?? "";
  return longest.length <= LONGEST_WORKLOAD_NAME && !longest.includes(".");
}

/** The test workloads of a host, in the order of their numbers. */
function workloadsOf(host: string, count: number): readonly TopologyWorkload[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${host}-w${index}`, node: host }));
}

/** What is not known yet is looked at by the topology. */
function networkMtuProblems(networks: readonly OverlayNetworkArgs[], { networkMtus = [] }: OverlayArgs): Problem[] {
  const names = networks.map(({ name }) => name);
  return networkMtus.flatMap(({ networks: pair }, i): Problem[] =>
    Array.isArray(pair)
      ? (pair as readonly unknown[]).flatMap((name, j): Problem[] =>
          typeof name !== "string" || names.includes(name)
            ? []
            : [
                {
                  path: `networkMtus[${i}].networks[${j}]`,
                  message: `there is no network "${name}": the networks are ${names.join(", ")}`,
                },
              ],
        )
      : [],
  );
}

function hostProblems(hosts: readonly PlannedHost[], workloads: number): readonly Problem[] {
  const first = new Map<string, number>();
  return hosts.flatMap(({ name }, i): Problem[] => {
    const path = `hosts[${i}].name`;
    const before = first.get(name);
    if (!HOST_NAME.test(name))
      return [
        { path, message: `"${name}" is not a host name: use lower-case letters, digits, "-" and ".", at most 63` },
      ];
    if (!canNameWorkloads(name, workloads))
      return [
        {
          path,
          message: `"${name}" cannot name ${workloads} test workloads, whose names have at most ${LONGEST_WORKLOAD_NAME} characters and no dot: use a shorter name, or a smaller workloadsPerNode`,
        },
      ];
    if (before !== undefined)
      return [{ path, message: `"${name}" is the name of hosts[${before}] already: name each host once` }];
    first.set(name, i);
    return [];
  });
}

/** Whether each host can be logged in to. */
function accessProblems({ hosts, ssh = {} }: OverlayArgs): readonly Problem[] {
  return [
    ...hosts.flatMap(({ name, ssh: own = {} }, i): Problem[] => {
      const path = `hosts[${i}].ssh`;
      const problems: Problem[] = [];
      if (own.privateKey === undefined && ssh.privateKey === undefined)
        problems.push({
          path: `${path}.privateKey`,
          message: `nobody could log in to ${name}: give it here, or as ssh.privateKey for all hosts`,
        });
      if (own.hostKey === undefined && !(own.trustOnFirstUse ?? ssh.trustOnFirstUse ?? false))
        problems.push({
          path: `${path}.hostKey`,
          message: `is missing: give the key that ${name} shows (\`ssh-keyscan -t ed25519 HOST\`, compared with the one in /etc/ssh/ssh_host_ed25519_key.pub there), or set trustOnFirstUse: true`,
        });
      return problems;
    }),
  ];
}
