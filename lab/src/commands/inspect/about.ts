import type { LabView } from "./lab-view";

/** What concerns a node: its network interfaces, what they are in, and what leads there. */
export function about(view: LabView, instanceId: string): LabView {
  const networkInterfaces = view.networkInterfaces.filter((each) => each.instanceId === instanceId);
  const has = (ids: readonly string[], id: string | undefined): boolean => id !== undefined && ids.includes(id);
  const own = networkInterfaces.map(({ id }) => id);
  const subnetIds = networkInterfaces.map(({ subnetId }) => subnetId);
  const subnets = view.subnets.filter(({ id }) => subnetIds.includes(id));
  const vpcIds = subnets.map(({ vpcId }) => vpcId);
  const groupIds = networkInterfaces.flatMap(({ securityGroupIds }) => securityGroupIds);
  return {
    ...view,
    vpcs: view.vpcs.filter(({ id }) => vpcIds.includes(id)),
    subnets,
    routeTables: view.routeTables.filter(({ id }) => subnets.some(({ routeTableId }) => routeTableId === id)),
    gateways: view.gateways.filter(({ vpcId }) => has(vpcIds, vpcId)),
    peerings: view.peerings.filter(
      ({ requesterVpcId, accepterVpcId }) => has(vpcIds, requesterVpcId) || has(vpcIds, accepterVpcId),
    ),
    transitGateways: view.transitGateways.filter(({ attachments }) =>
      attachments.some(({ vpcId }) => has(vpcIds, vpcId)),
    ),
    networkAcls: view.networkAcls.filter((acl) => acl.subnetIds.some((id) => subnetIds.includes(id))),
    securityGroups: view.securityGroups.filter(({ id }) => groupIds.includes(id)),
    networkInterfaces,
    elasticIps: view.elasticIps.filter(({ networkInterfaceId }) => has(own, networkInterfaceId)),
    keyPairs: [],
    nodes: view.nodes.filter(({ id }) => id === instanceId),
    faults: view.faults.filter(
      ({ target }) =>
        own.includes(target) ||
        vpcIds.includes(target) ||
        view.peerings.some(
          ({ id, requesterVpcId, accepterVpcId }) =>
            id === target && (has(vpcIds, requesterVpcId) || has(vpcIds, accepterVpcId)),
        ),
    ),
    waiting: view.waiting.filter(({ id }) => [instanceId, "lab", ...own, ...vpcIds].includes(id)),
  };
}
