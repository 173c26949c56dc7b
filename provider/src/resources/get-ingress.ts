import type { GetIngressInputs, GetIngressOutputs, IngressHost } from "../generated/resource-types";
import { parseCidr } from "../ippool/cidr";
import { loadIpPools } from "../ippool/load";
import { ENCAPSULATIONS } from "../plan/encapsulation";
import { ingressOf } from "../plan/ingress";
import type { CheckFailure } from "../../../wire/check-failure";
import { nodeLabels } from "./node-labels";
import { settledNetworks } from "./settled-networks";

/** The function of this name: what networks must let in for an Overlay of these hosts. */
export function getIngress(inputs: GetIngressInputs): {
  readonly outputs: GetIngressOutputs;
  readonly failures: readonly CheckFailure[];
} {
  const { pools, problems: poolProblems } = loadIpPools(inputs.ipPools);
  const { networks, hosts, problems } = settledNetworks<IngressHost, { readonly name: string }>(
    inputs.networks,
    inputs.hosts,
  );
  const failures = [...poolProblems, ...problems, ...hosts.flatMap(subnetProblems)].map(({ path, message }) => ({
    property: path,
    reason: message,
  }));
  if (failures.length > 0) return { outputs: { networks: [], hosts: [] }, failures };
  const outputs = ingressOf({
    pools,
    networks: networks.map(({ name }) => name),
    hosts: hosts.map((host) => ({ ...host, labels: nodeLabels(host) })),
    vxlanPort: inputs.vxlanPort ?? ENCAPSULATIONS.VXLAN.udp.port,
  });
  return { outputs, failures: [] };
}

function subnetProblems({ subnetCidrBlock }: IngressHost, index: number) {
  try {
    parseCidr(subnetCidrBlock);
    return [];
  } catch (error) {
    return [
      {
        path: `hosts[${index}].subnetCidrBlock`,
        message: error instanceof Error ? error.message : String(error),
      },
    ];
  }
}
