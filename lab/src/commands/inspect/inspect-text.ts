import { table } from "../../../../terminal/table";
import { describeFault } from "../fault/describe-fault";
import type { LabView } from "./lab-view";

/** A table of one kind of thing, or nothing when there is none. */
type Section = (view: LabView) => string[];

function section<T>(
  title: string,
  items: (view: LabView) => readonly T[],
  head: readonly string[],
  row: (item: T) => readonly string[],
): Section {
  return (view) => {
    const rows = items(view).map(row);
    return rows.length === 0 ? [] : [`${title}\n${table(head, rows, { indent: "  " })}`];
  };
}

const sections: readonly Section[] = [
  section(
    "Nodes",
    (view) => view.nodes,
    ["NAME", "INSTANCE", "STATE", "UPTIME", "PRIVATE", "PUBLIC", "NAMESPACE"],
    ({ name, id, state, paused, settled, uptime, privateIp, publicIp, namespace }) => [
      name,
      id,
      paused ? "paused" : state === "running" && !settled ? "booting" : state,
      uptime === undefined ? "-" : `${Math.floor(uptime)} s`,
      privateIp,
      publicIp ?? "-",
      namespace,
    ],
  ),
  section(
    "Network interfaces",
    (view) => view.networkInterfaces,
    ["INTERFACE", "INSTANCE", "SUBNET", "ADDRESSES", "MAC", "GROUPS", "SOURCE/DEST CHECK"],
    (each) => [
      each.id,
      each.instanceId === undefined ? "-" : `${each.instanceId} ${each.deviceIndex}`,
      each.subnetId,
      each.privateIps.join(" "),
      each.mac,
      each.securityGroupIds.join(" "),
      each.sourceDestCheck ? "on" : "off",
    ],
  ),
  section(
    "VPCs",
    (view) => view.vpcs,
    ["NAME", "VPC", "CIDR", "REGION", "NAMESPACE"],
    ({ name, id, cidr, region, namespace }) => [name, id, cidr, region, namespace],
  ),
  section(
    "Subnets",
    (view) => view.subnets,
    ["NAME", "SUBNET", "VPC", "CIDR", "ZONE", "ROUTE TABLE"],
    ({ name, id, vpcId, cidr, availabilityZone, routeTableId }) => [
      name,
      id,
      vpcId,
      cidr,
      availabilityZone,
      routeTableId,
    ],
  ),
  section(
    "Routes",
    (view) => view.routeTables.flatMap(({ id, routes }) => routes.map((route) => ({ id, ...route }))),
    ["ROUTE TABLE", "DESTINATION", "TARGET", "STATE"],
    ({ id, destination, target, state }) => [id, destination, target, state],
  ),
  section(
    "Gateways",
    (view) => view.gateways,
    ["NAME", "GATEWAY", "KIND", "VPC", "ADDRESSES"],
    ({ name, id, kind, vpcId, privateIp, publicIp }) => [
      name,
      id,
      kind,
      vpcId ?? "-",
      [privateIp, publicIp].filter((address) => address !== undefined).join(" "),
    ],
  ),
  section(
    "Peerings",
    (view) => view.peerings,
    ["NAME", "PEERING", "REQUESTER", "ACCEPTER", "STATUS"],
    ({ name, id, requesterVpcId, accepterVpcId, status }) => [name, id, requesterVpcId, accepterVpcId, status],
  ),
  section(
    "Transit gateways",
    (view) =>
      view.transitGateways.flatMap(({ id, attachments }) =>
        attachments.map((attachment) => ({ gateway: id, ...attachment })),
      ),
    ["GATEWAY", "ATTACHMENT", "VPC", "ROUTE TABLE"],
    ({ gateway, id, vpcId, routeTableId }) => [gateway, id, vpcId, routeTableId ?? "-"],
  ),
  section(
    "Network ACLs",
    (view) => view.networkAcls.flatMap(({ id, rules }) => rules.map((rule) => ({ id, ...rule }))),
    ["ACL", "RULE", "DIRECTION", "ACTION", "PROTOCOL", "CIDR", "PORTS"],
    (rule) => [
      rule.id,
      String(rule.number),
      rule.direction,
      rule.action,
      rule.protocol,
      rule.cidr,
      ports(rule.fromPort, rule.toPort),
    ],
  ),
  section(
    "Security group rules",
    (view) => view.securityGroups.flatMap(({ id, rules }) => rules.map((rule) => ({ group: id, ...rule }))),
    ["GROUP", "RULE", "DIRECTION", "PROTOCOL", "PORTS", "PEER", "DESCRIPTION"],
    (rule) => [
      rule.group,
      rule.id,
      rule.direction,
      rule.protocol,
      ports(rule.fromPort, rule.toPort),
      rule.cidr ?? rule.securityGroupId ?? "-",
      rule.description,
    ],
  ),
  section(
    "Elastic IP addresses",
    (view) => view.elasticIps,
    ["ADDRESS", "ALLOCATION", "INTERFACE", "PRIVATE"],
    ({ id, publicIp, networkInterfaceId, privateIp }) => [publicIp, id, networkInterfaceId ?? "-", privateIp ?? "-"],
  ),
  section(
    "Faults",
    (view) => view.faults,
    ["FAULT", "PACKETS"],
    (fault) => [describeFault(fault), fault.packets === undefined ? "-" : String(fault.packets)],
  ),
  section(
    "Waiting",
    (view) => view.waiting,
    ["WHAT", ""],
    ({ id, what }) => [id, what],
  ),
];

/** For people: a table per kind of which there is something. */
export function inspectText(view: LabView): string {
  return [`Lab ${view.lab.id} in ${view.lab.state}\n`, ...sections.flatMap((each) => each(view))].join("\n");
}

function ports(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined) return "-";
  return from === to ? String(from) : `${from}-${to}`;
}
