import type { Fault } from "../state/faults";
import type { ResourceRecord } from "../state/record";
import { card } from "./card";
import { FabricError, readCloud } from "../cloud/cloud";
import { withFaults } from "./faults";
import { internet, internetGateway } from "./internet";
import { natGateway } from "./nat-gateway";
import type { Namespace } from "./namespace";
import { transitGateway } from "./transit-gateway";
import { vpcNamespace } from "./vpc";

/**
 * What Linux has to hold for a lab's records: the internet, a namespace per VPC, per attached internet gateway, per NAT
 * and transit gateway and per network interface of an instance; in an order in which each can be made after those that
 * its wires lead to.
 *
 * @param prefix what the names of the lab's namespaces begin with
 * @param faults what is to go wrong in it
 * @throws FabricError with everything in the records that cannot be made real
 */
export function fabricOf(
  prefix: string,
  records: readonly ResourceRecord[],
  faults: readonly Fault[] = [],
): Namespace[] {
  const cloud = readCloud(records);
  if (cloud.vpcs.size === 0) return [];
  const namespaces = [
    internet(prefix, cloud),
    ...[...cloud.vpcs.values()].map((vpc) => vpcNamespace(prefix, vpc, cloud)),
    ...cloud.internetGateways.flatMap((gateway) => {
      const vpc = cloud.vpcs.get(gateway.vpcId);
      return vpc ? [internetGateway(prefix, gateway, vpc, cloud)] : [];
    }),
    ...cloud.natGateways.map((gateway) => natGateway(prefix, gateway)),
    ...cloud.transitGateways.map((gateway) => transitGateway(prefix, gateway)),
    // Primary ones first: the others' wires lead to their cards.
    ...cloud.networkInterfaces.map((each) => card(prefix, each, cloud)),
  ];
  const problems = duplicates(namespaces);
  if (problems.length > 0) throw new FabricError(problems);
  return withFaults(prefix, namespaces, cloud, faults);
}

/** Names are shortened ids, and ids may have been made up by hand. */
function duplicates(namespaces: readonly Namespace[]): string[] {
  const seen = new Set<string>();
  const names = [
    ...namespaces.map(({ name }) => name),
    ...namespaces.flatMap(({ name, links }) =>
      links.flatMap((link) => [
        `${name}/${link.name}`,
        ...(link.kind === "veth" ? [`${link.peer.namespace}/${link.peer.name}`] : []),
      ]),
    ),
  ];
  return names
    .filter((name) => seen.has(name) || !seen.add(name))
    .map((name) => `Two resources would both be ${name}: ids must differ in their last 12 digits.`);
}
