import { namespacePrefix } from "../../fabric/names";
import type { Lab } from "../../state/paths";
import type { ResourceRecord } from "../../state/record";
import { printable } from "../printable";
import type { FaultView, LabView, NetworkInterfaceView } from "./lab-view";
import { gatewayViews, peeringViews, routeTableViews, subnetViews, transitGatewayViews, vpcViews } from "./networks";
import { elasticIpViews, instancesOf, networkInterfaceViews, nodeViews } from "./nodes";
import { type Reading, readingOf, some, text } from "./reading";
import { networkAclViews, securityGroupViews } from "./security";
import type { Seen } from "./seen";
import { waiting } from "./waiting";

/** The view of records. */
export function viewOf(lab: Lab, records: readonly ResourceRecord[], seen: Seen): LabView {
  const reading = readingOf(lab, records);
  const vpcs = vpcViews(reading);
  const subnets = subnetViews(reading, vpcs);
  const networkInterfaces = networkInterfaceViews(reading);
  const view: Omit<LabView, "waiting"> = {
    lab: { id: lab.id, state: lab.state },
    vpcs,
    subnets,
    routeTables: routeTableViews(reading, vpcs, subnets, networkInterfaces),
    gateways: gatewayViews(reading, subnets),
    peerings: peeringViews(reading),
    transitGateways: transitGatewayViews(reading),
    networkAcls: networkAclViews(reading),
    securityGroups: securityGroupViews(reading),
    networkInterfaces,
    elasticIps: elasticIpViews(reading),
    keyPairs: keyPairViews(reading),
    nodes: nodeViews(reading, seen, subnets, networkInterfaces),
    faults: faultViews(reading, seen, networkInterfaces),
  };
  return { ...view, waiting: waiting(view, instancesOf(reading), namespacePrefix(lab), records, seen) };
}

function keyPairViews({ of }: Reading): LabView["keyPairs"] {
  return of("aws:ec2/keyPair:KeyPair").map((record) => ({
    name: printable(text(record, "keyName")),
    region: text(record, "region"),
    fingerprint: text(record, "fingerprint"),
  }));
}

/** Faults of what is still there. */
function faultViews(
  { records }: Reading,
  seen: Seen,
  networkInterfaces: readonly NetworkInterfaceView[],
): readonly FaultView[] {
  return seen.faults.flatMap((fault): FaultView[] => {
    const card = networkInterfaces.find(({ id }) => id === fault.target);
    if (card === undefined && !records.some(({ id }) => id === fault.target)) return [];
    const packets = seen.caught?.(fault);
    return [{ ...fault, ...some("instanceId", card?.instanceId), ...(packets === undefined ? {} : { packets }) }];
  });
}
