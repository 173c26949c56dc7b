import { existingNamespaces } from "../../fabric/apply";
import { FabricError, readCloud } from "../../cloud/cloud";
import { readCounters } from "../../fabric/counters";
import { faultCounter } from "../../fabric/faults";
import { fabricOf } from "../../fabric/model";
import { GUEST_PORT, namespaceOfId, namespacePrefix } from "../../fabric/names";
import { interfaceAsInstance, withPrimaryInterface } from "../../cloud/network-interface";
import { consoleLog, hasSettled, nodeStatus, type NodeState, type NodeStatus } from "../../node/node";
import { type Fault, readFaults } from "../../state/faults";
import { lockHolder } from "../../state/lock";
import type { Lab } from "../../state/paths";
import type { ResourceRecord } from "../../state/record";
import { RecordStore } from "../../state/store";
import { columns } from "../../../../terminal/table";
import { describeFault } from "../fault/faults";
import { chooseNode, labNodes, nameOf } from "../find-node";
import { printable } from "../printable";

/** What every resource has. */
interface Named {
  readonly id: string;
  /** Its Name tag; its id when it has none. */
  readonly name: string;
  readonly region: string;
  /** Of the Pulumi resource that made it. */
  readonly urn: string;
}

export interface VpcView extends Named {
  readonly cidr: string;
  readonly mainRouteTableId: string;
  /** Network namespace of its router. */
  readonly namespace: string;
}

export interface SubnetView extends Named {
  readonly vpcId: string;
  readonly cidr: string;
  readonly availabilityZone: string;
  readonly routeTableId: string;
}

export interface RouteTableView extends Named {
  readonly vpcId: string;
  readonly main: boolean;
  readonly subnetIds: readonly string[];
  readonly routes: readonly {
    readonly destination: string;
    readonly target: string;
    readonly state: "active" | "blackhole";
  }[];
}

/** An internet or NAT gateway. */
export interface GatewayView extends Named {
  readonly kind: "internet" | "nat";
  /** Absent: attached to none. */
  readonly vpcId?: string;
  readonly subnetId?: string;
  readonly privateIp?: string;
  readonly publicIp?: string;
  readonly namespace: string;
}

export interface PeeringView extends Named {
  readonly requesterVpcId: string;
  readonly accepterVpcId: string;
  /** `active`, `pending-acceptance`, `failed`. */
  readonly status: string;
}

export interface TransitGatewayView extends Named {
  readonly namespace: string;
  readonly attachments: readonly {
    readonly id: string;
    readonly vpcId: string;
    readonly subnetIds: readonly string[];
    readonly routeTableId?: string;
  }[];
  readonly routeTables: readonly {
    readonly id: string;
    readonly propagatedAttachmentIds: readonly string[];
    /** Static ones; the target is an attachment, or `blackhole`. */
    readonly routes: readonly { readonly destination: string; readonly target: string }[];
  }[];
}

export interface RuleView {
  readonly id: string;
  readonly direction: "ingress" | "egress";
  /** As EC2 spells it: -1 for all, tcp, udp, icmp, or a number. */
  readonly protocol: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly cidr?: string;
  readonly securityGroupId?: string;
  readonly description: string;
}

export interface SecurityGroupView extends Named {
  readonly vpcId: string;
  readonly groupName: string;
  readonly rules: readonly RuleView[];
}

export interface NetworkAclView extends Named {
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly rules: readonly {
    readonly number: number;
    readonly direction: "ingress" | "egress";
    readonly action: string;
    readonly protocol: string;
    readonly cidr: string;
    readonly fromPort: number;
    readonly toPort: number;
  }[];
}

export interface NetworkInterfaceView extends Named {
  readonly subnetId: string;
  /** Absent: attached to none. */
  readonly instanceId?: string;
  readonly deviceIndex?: number;
  readonly mac: string;
  /** The primary one first. */
  readonly privateIps: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  /** Network namespace of its card. */
  readonly namespace: string;
}

export interface NodeView extends Named {
  readonly state: NodeState;
  /** Whether its processes are stopped, as after `lab fault pause`. */
  readonly paused: boolean;
  /** Whether its systemd has settled in this boot, by its console. */
  readonly settled: boolean;
  /** Seconds since its kernel began; absent when it does not run. */
  readonly uptime?: number;
  /** Of its kernel on this machine; absent when it does not run. */
  readonly pid?: number;
  readonly instanceType: string;
  readonly ami: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly availabilityZone: string;
  readonly privateIp: string;
  /** Absent when it has none. */
  readonly publicIp?: string;
  readonly networkInterfaceIds: readonly string[];
  readonly namespace: string;
  /** The tap device that the node opens in it. */
  readonly tap: string;
  readonly console: string;
}

/** A fault, with what it has done. */
export type FaultView = Fault & {
  /** Absent for a peering connection. */
  readonly instanceId?: string;
  /** Packets dropped or refused since its rule was made; absent when its namespace is not there. */
  readonly packets?: number;
};

/** Something that is not yet, or no more, as the records say. */
export interface Waiting {
  /** Of a resource, or `lab`. */
  readonly id: string;
  readonly what: string;
}

/** What a lab holds, as docs/schema/lab-inspect.schema.json describes it. */
export interface LabView {
  readonly lab: { readonly id: string; readonly state: string };
  readonly vpcs: readonly VpcView[];
  readonly subnets: readonly SubnetView[];
  readonly routeTables: readonly RouteTableView[];
  readonly gateways: readonly GatewayView[];
  readonly peerings: readonly PeeringView[];
  readonly transitGateways: readonly TransitGatewayView[];
  readonly networkAcls: readonly NetworkAclView[];
  readonly securityGroups: readonly SecurityGroupView[];
  readonly networkInterfaces: readonly NetworkInterfaceView[];
  readonly elasticIps: readonly {
    readonly id: string;
    readonly publicIp: string;
    readonly networkInterfaceId?: string;
    readonly privateIp?: string;
  }[];
  readonly keyPairs: readonly { readonly name: string; readonly region: string; readonly fingerprint: string }[];
  readonly nodes: readonly NodeView[];
  readonly faults: readonly FaultView[];
  readonly waiting: readonly Waiting[];
}

/** What Linux says, beside the records. */
export interface Seen {
  node(instanceId: string): NodeStatus & { readonly settled: boolean };
  /** Names of the lab's network namespaces. */
  readonly namespaces: readonly string[];
  /** What `lab fault` has made. */
  readonly faults: readonly Fault[];
  /** Packets that a fault has caught. */
  caught?(fault: Fault): number | undefined;
  /** Who changes the lab now. */
  readonly holder?: string;
}

/**
 * `overlaynet lab inspect`: reads records, processes and namespaces, and changes nothing.
 *
 * @param wanted a node, for what concerns it alone
 */
export async function inspect(lab: Lab, wanted?: string): Promise<LabView> {
  const records = new RecordStore(lab).list();
  const namespaces = existingNamespaces(namespacePrefix(lab));
  const faults = readFaults(lab);
  const caught = await countCaught(lab, records, faults, new Set(namespaces));
  const seen: Seen = {
    faults,
    caught: (fault) => caught.get(fault),
    node: (id) => ({ ...nodeStatus(lab, id), settled: hasSettled(lab, id) }),
    namespaces,
    holder: await lockHolder(lab.lock),
  };
  const view = viewOf(lab, records, seen);
  return wanted === undefined ? view : about(view, chooseNode(labNodes(lab), wanted).id);
}

async function countCaught(
  lab: Lab,
  records: readonly ResourceRecord[],
  faults: readonly Fault[],
  namespaces: ReadonlySet<string>,
): Promise<Map<Fault, number>> {
  const caught = new Map<Fault, number>();
  if (faults.length === 0) return caught;
  const cloud = readCloud(records);
  const places = faults.flatMap((fault) => {
    const counter = faultCounter(fault, cloud);
    const name = counter === undefined ? "" : namespaceOfId(namespacePrefix(lab), counter.namespaceOf);
    return counter !== undefined && namespaces.has(name) ? [{ fault, name, comment: counter.comment }] : [];
  });
  const counters = new Map(
    await Promise.all(
      [...new Set(places.map(({ name }) => name))].map(async (name) => [name, await readCounters(name)] as const),
    ),
  );
  for (const { fault, name, comment } of places) {
    const counter = counters.get(name)?.find((each) => each.comment === comment);
    if (counter !== undefined) caught.set(fault, counter.packets);
  }
  return caught;
}

/** The view of records. */
export function viewOf(lab: Lab, records: readonly ResourceRecord[], seen: Seen): LabView {
  const prefix = namespacePrefix(lab);
  const of = (type: string): ResourceRecord[] => records.filter((record) => record.type === type);
  const byId = new Map(records.map((record) => [record.id, record]));
  const named = (record: ResourceRecord): Named => ({
    id: record.id,
    name: nameOf(record),
    region: text(record, "region"),
    urn: printable(record.urn),
  });
  const namespace = (id: string): string => namespaceOfId(prefix, id);

  const vpcs = of("aws:ec2/vpc:Vpc");
  const associations = of("aws:ec2/routeTableAssociation:RouteTableAssociation");
  const mainOf = new Map(vpcs.map((vpc) => [vpc.id, text(vpc, "mainRouteTableId")]));
  const subnets = of("aws:ec2/subnet:Subnet").map((record): SubnetView => ({
    ...named(record),
    vpcId: text(record, "vpcId"),
    cidr: text(record, "cidrBlock"),
    availabilityZone: text(record, "availabilityZone"),
    routeTableId:
      text(
        associations.find(({ outputs }) => outputs["subnetId"] === record.id),
        "routeTableId",
      ) ||
      (mainOf.get(text(record, "vpcId")) ?? ""),
  }));

  const instances = of("aws:ec2/instance:Instance").filter(({ outputs }) => outputs["instanceState"] !== "terminated");
  const networkInterfaces = interfaces(instances, records, named, namespace);
  const elastic = of("aws:ec2/eipAssociation:EipAssociation");
  const nodes = instances.map((record): NodeView =>
    nodeView(lab, record, { named, seen, subnets, networkInterfaces, elastic, namespace }),
  );

  const isThere = (target: string): boolean => {
    const record = byId.get(target);
    if (record === undefined)
      return (
        networkInterfaces.some(({ id, instanceId }) => id === target && instanceId !== undefined) ||
        nodes.some(({ id }) => id === target)
      );
    return (
      record.type !== "aws:ec2/vpcPeeringConnection:VpcPeeringConnection" || record.outputs["acceptStatus"] === "active"
    );
  };
  const transitAttachments = of("aws:ec2transitgateway/vpcAttachment:VpcAttachment");
  const rules = (["ingress", "egress"] as const).flatMap((direction) =>
    of(
      direction === "ingress"
        ? "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
        : "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ).map((record) => ({ record, direction })),
  );

  const view: Omit<LabView, "waiting"> = {
    lab: { id: lab.id, state: lab.state },
    vpcs: vpcs.map((record) => ({
      ...named(record),
      cidr: text(record, "cidrBlock"),
      mainRouteTableId: text(record, "mainRouteTableId"),
      namespace: namespace(record.id),
    })),
    subnets,
    routeTables: of("aws:ec2/routeTable:RouteTable").map((record) => ({
      ...named(record),
      vpcId: text(record, "vpcId"),
      main: mainOf.get(text(record, "vpcId")) === record.id,
      subnetIds: subnets.filter(({ routeTableId }) => routeTableId === record.id).map(({ id }) => id),
      routes: of("aws:ec2/route:Route")
        .filter(({ outputs }) => outputs["routeTableId"] === record.id)
        .map((route) => {
          const target = routeTargets.map((key) => text(route, key)).find((id) => id !== "") ?? "";
          return {
            destination: text(route, "destinationCidrBlock"),
            target,
            state: isThere(target) ? "active" : "blackhole",
          };
        }),
    })),
    gateways: [
      ...of("aws:ec2/internetGateway:InternetGateway").map((record): GatewayView => ({
        ...named(record),
        kind: "internet",
        ...some("vpcId", text(record, "vpcId")),
        namespace: namespace(record.id),
      })),
      ...of("aws:ec2/natGateway:NatGateway").map((record): GatewayView => ({
        ...named(record),
        kind: "nat",
        ...some("vpcId", subnets.find(({ id }) => id === record.outputs["subnetId"])?.vpcId),
        ...some("subnetId", text(record, "subnetId")),
        ...some("privateIp", text(record, "privateIp")),
        ...some("publicIp", text(record, "publicIp")),
        namespace: namespace(record.id),
      })),
    ],
    peerings: of("aws:ec2/vpcPeeringConnection:VpcPeeringConnection").map((record) => ({
      ...named(record),
      requesterVpcId: text(record, "vpcId"),
      accepterVpcId: text(record, "peerVpcId"),
      status: text(record, "acceptStatus"),
    })),
    transitGateways: of("aws:ec2transitgateway/transitGateway:TransitGateway").map((record) => ({
      ...named(record),
      namespace: namespace(record.id),
      attachments: transitAttachments
        .filter(({ outputs }) => outputs["transitGatewayId"] === record.id)
        .map((attachment) => ({
          id: attachment.id,
          vpcId: text(attachment, "vpcId"),
          subnetIds: texts(attachment, "subnetIds"),
          ...some(
            "routeTableId",
            text(
              of("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation").find(
                ({ outputs }) => outputs["transitGatewayAttachmentId"] === attachment.id,
              ),
              "transitGatewayRouteTableId",
            ),
          ),
        })),
      routeTables: of("aws:ec2transitgateway/routeTable:RouteTable")
        .filter(({ outputs }) => outputs["transitGatewayId"] === record.id)
        .map(({ id }) => {
          const ofTable = (type: string): ResourceRecord[] =>
            of(type).filter(({ outputs }) => outputs["transitGatewayRouteTableId"] === id);
          return {
            id,
            propagatedAttachmentIds: ofTable("aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation").map(
              (each) => text(each, "transitGatewayAttachmentId"),
            ),
            routes: ofTable("aws:ec2transitgateway/route:Route").map((each) => ({
              destination: text(each, "destinationCidrBlock"),
              target: each.outputs["blackhole"] === true ? "blackhole" : text(each, "transitGatewayAttachmentId"),
            })),
          };
        }),
    })),
    networkAcls: [...of("aws:ec2/networkAcl:NetworkAcl"), ...of("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")].map(
      (record) => ({
        ...named(record),
        vpcId: text(record, "vpcId"),
        subnetIds: of("aws:ec2/networkAclAssociation:NetworkAclAssociation")
          .filter(({ outputs }) => outputs["networkAclId"] === record.id)
          .map((each) => text(each, "subnetId")),
        rules: of("aws:ec2/networkAclRule:NetworkAclRule")
          .filter(({ outputs }) => outputs["networkAclId"] === record.id)
          .map((rule) => ({
            number: number(rule, "ruleNumber"),
            direction: rule.outputs["egress"] === true ? "egress" : "ingress",
            action: text(rule, "ruleAction"),
            protocol: text(rule, "protocol"),
            cidr: text(rule, "cidrBlock"),
            fromPort: number(rule, "fromPort"),
            toPort: number(rule, "toPort"),
          })),
      }),
    ),
    securityGroups: of("aws:ec2/securityGroup:SecurityGroup").map((record) => ({
      ...named(record),
      vpcId: text(record, "vpcId"),
      groupName: printable(text(record, "name")),
      rules: rules
        .filter(({ record: { outputs } }) => outputs["securityGroupId"] === record.id)
        .map(({ record: rule, direction }) => ruleView(rule, direction)),
    })),
    networkInterfaces,
    elasticIps: of("aws:ec2/eip:Eip").map((record) => {
      const association = elastic.find(({ outputs }) => outputs["publicIp"] === record.outputs["publicIp"]);
      return {
        id: record.id,
        publicIp: text(record, "publicIp"),
        ...some("networkInterfaceId", text(association, "networkInterfaceId")),
        ...some("privateIp", text(association, "privateIpAddress")),
      };
    }),
    keyPairs: of("aws:ec2/keyPair:KeyPair").map((record) => ({
      name: printable(text(record, "keyName")),
      region: text(record, "region"),
      fingerprint: text(record, "fingerprint"),
    })),
    nodes,
    faults: seen.faults.flatMap((fault): FaultView[] => {
      const card = networkInterfaces.find(({ id }) => id === fault.target);
      if (card === undefined && !byId.has(fault.target)) return [];
      const packets = seen.caught?.(fault);
      return [{ ...fault, ...some("instanceId", card?.instanceId), ...(packets === undefined ? {} : { packets }) }];
    }),
  };
  return { ...view, waiting: waiting(view, instances, prefix, records, seen) };
}

const routeTargets = [
  "gatewayId",
  "natGatewayId",
  "transitGatewayId",
  "vpcPeeringConnectionId",
  "networkInterfaceId",
  "instanceId",
];

function interfaces(
  instances: readonly ResourceRecord[],
  records: readonly ResourceRecord[],
  named: (record: ResourceRecord) => Named,
  namespace: (id: string) => string,
): NetworkInterfaceView[] {
  const own = records.filter(({ type }) => type === "aws:ec2/networkInterface:NetworkInterface");
  const attachments = records.filter(
    ({ type }) => type === "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment",
  );
  const view = (
    record: ResourceRecord,
    id: string,
    instance: { readonly instanceId?: string; readonly deviceIndex?: number },
  ): NetworkInterfaceView => ({
    ...named(record),
    id,
    subnetId: text(record, "subnetId"),
    ...instance,
    mac: typeof record.internal["mac"] === "string" ? record.internal["mac"] : "",
    privateIps: [text(record, "privateIp"), ...texts(record, "secondaryPrivateIps")],
    securityGroupIds: texts(record, "vpcSecurityGroupIds"),
    sourceDestCheck: record.outputs["sourceDestCheck"] !== false,
    namespace: namespace(id),
  });
  const primary = instances.map((instance) =>
    view(withPrimaryInterface(instance, own), text(instance, "primaryNetworkInterfaceId"), {
      instanceId: instance.id,
      deviceIndex: 0,
    }),
  );
  const others = own
    .filter(({ id }) => !primary.some((each) => each.id === id))
    .map((record) => {
      const attachment = attachments.find(({ outputs }) => outputs["networkInterfaceId"] === record.id);
      return {
        ...view(
          interfaceAsInstance(record),
          record.id,
          attachment === undefined
            ? {}
            : { instanceId: text(attachment, "instanceId"), deviceIndex: number(attachment, "deviceIndex") },
        ),
        ...named(record),
      };
    });
  return [...primary, ...others];
}

interface Around {
  readonly named: (record: ResourceRecord) => Named;
  readonly seen: Seen;
  readonly subnets: readonly SubnetView[];
  readonly networkInterfaces: readonly NetworkInterfaceView[];
  readonly elastic: readonly ResourceRecord[];
  readonly namespace: (id: string) => string;
}

function nodeView(
  lab: Lab,
  record: ResourceRecord,
  { named, seen, subnets, networkInterfaces, elastic, namespace }: Around,
): NodeView {
  const { state, pid, uptime, paused, settled } = seen.node(record.id);
  const subnet = subnets.find(({ id }) => id === record.outputs["subnetId"]);
  const own = networkInterfaces
    .filter(({ instanceId }) => instanceId === record.id)
    .sort((a, b) => (a.deviceIndex ?? 0) - (b.deviceIndex ?? 0));
  const card = text(record, "primaryNetworkInterfaceId");
  const address = elastic.find(
    ({ outputs }) =>
      outputs["networkInterfaceId"] === card && outputs["privateIpAddress"] === record.outputs["privateIp"],
  );
  return {
    ...named(record),
    state,
    paused: paused === true,
    settled,
    ...(uptime === undefined ? {} : { uptime: Math.round(uptime * 10) / 10 }),
    ...(pid === undefined ? {} : { pid }),
    instanceType: text(record, "instanceType"),
    ami: text(record, "ami"),
    vpcId: subnet?.vpcId ?? "",
    subnetId: text(record, "subnetId"),
    availabilityZone: text(record, "availabilityZone") || (subnet?.availabilityZone ?? ""),
    privateIp: text(record, "privateIp"),
    ...some("publicIp", text(address, "publicIp") || text(record, "publicIp")),
    networkInterfaceIds: own.map(({ id }) => id),
    namespace: namespace(card),
    tap: GUEST_PORT,
    console: consoleLog(lab, record.id),
  };
}

function ruleView(record: ResourceRecord, direction: RuleView["direction"]): RuleView {
  const { fromPort, toPort } = record.outputs;
  return {
    id: record.id,
    direction,
    protocol: text(record, "ipProtocol"),
    ...(typeof fromPort === "number" ? { fromPort } : {}),
    ...(typeof toPort === "number" ? { toPort } : {}),
    ...some("cidr", text(record, "cidrIpv4")),
    ...some("securityGroupId", text(record, "referencedSecurityGroupId")),
    description: printable(text(record, "description")),
  };
}

/** What is not as the records say, and what would change that. */
function waiting(
  { nodes, peerings }: Pick<LabView, "nodes" | "peerings">,
  instances: readonly ResourceRecord[],
  prefix: string,
  records: readonly ResourceRecord[],
  { namespaces, holder }: Seen,
): Waiting[] {
  const there = new Set(namespaces);
  const pending = new Set(
    instances.filter(({ outputs }) => outputs["instanceState"] === "pending").map(({ id }) => id),
  );
  return [
    ...(holder === undefined ? [] : [{ id: "lab", what: `is being changed by ${holder}` }]),
    ...nodes.flatMap(({ id, state, paused, settled }): Waiting[] => {
      if (state !== "running")
        return [
          {
            id,
            what: pending.has(id)
              ? "has not been started: pulumi up starts it"
              : `is ${state}: overlaynet lab start starts it`,
          },
        ];
      if (paused) return [{ id, what: "is paused: overlaynet lab fault resume" }];
      return settled ? [] : [{ id, what: "boots: its systemd has not settled" }];
    }),
    ...peerings.filter(({ status }) => status !== "active").map(({ id, status }) => ({ id, what: `is ${status}` })),
    ...expectedNamespaces(prefix, records).flatMap((name): Waiting[] =>
      typeof name !== "string"
        ? [name]
        : there.has(name)
          ? []
          : [
              {
                id: name.slice(prefix.length),
                what: `its namespace ${name} is not there: overlaynet lab start makes it`,
              },
            ],
    ),
  ];
}

function expectedNamespaces(prefix: string, records: readonly ResourceRecord[]): (string | Waiting)[] {
  try {
    return fabricOf(prefix, records).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof FabricError)) throw error;
    return error.problems.map((problem) => ({ id: "lab", what: `cannot be made real: ${problem}` }));
  }
}

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
        view.peerings.some(
          ({ id, requesterVpcId, accepterVpcId }) =>
            id === target && (has(vpcIds, requesterVpcId) || has(vpcIds, accepterVpcId)),
        ),
    ),
    waiting: view.waiting.filter(({ id }) => [instanceId, "lab", ...own, ...vpcIds].includes(id)),
  };
}

/** For people: a table per kind of which there is something. */
export function inspectText(view: LabView): string {
  const section = <T>(
    title: string,
    items: readonly T[],
    head: readonly string[],
    row: (item: T) => readonly string[],
  ): string[] =>
    items.length === 0 ? [] : [`${title}\n${columns([head, ...items.map(row)].map((cells) => ["", ...cells]))}`];
  return [
    `Lab ${view.lab.id} in ${view.lab.state}\n`,
    ...section(
      "Nodes",
      view.nodes,
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
    ...section(
      "Network interfaces",
      view.networkInterfaces,
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
    ...section(
      "VPCs",
      view.vpcs,
      ["NAME", "VPC", "CIDR", "REGION", "NAMESPACE"],
      ({ name, id, cidr, region, namespace }) => [name, id, cidr, region, namespace],
    ),
    ...section(
      "Subnets",
      view.subnets,
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
    ...section(
      "Routes",
      view.routeTables.flatMap(({ id, routes }) => routes.map((route) => ({ id, ...route }))),
      ["ROUTE TABLE", "DESTINATION", "TARGET", "STATE"],
      ({ id, destination, target, state }) => [id, destination, target, state],
    ),
    ...section(
      "Gateways",
      view.gateways,
      ["NAME", "GATEWAY", "KIND", "VPC", "ADDRESSES"],
      ({ name, id, kind, vpcId, privateIp, publicIp }) => [
        name,
        id,
        kind,
        vpcId ?? "-",
        [privateIp, publicIp].filter((address) => address !== undefined).join(" "),
      ],
    ),
    ...section(
      "Peerings",
      view.peerings,
      ["NAME", "PEERING", "REQUESTER", "ACCEPTER", "STATUS"],
      ({ name, id, requesterVpcId, accepterVpcId, status }) => [name, id, requesterVpcId, accepterVpcId, status],
    ),
    ...section(
      "Transit gateways",
      view.transitGateways.flatMap(({ id, attachments }) =>
        attachments.map((attachment) => ({ gateway: id, ...attachment })),
      ),
      ["GATEWAY", "ATTACHMENT", "VPC", "ROUTE TABLE"],
      ({ gateway, id, vpcId, routeTableId }) => [gateway, id, vpcId, routeTableId ?? "-"],
    ),
    ...section(
      "Network ACLs",
      view.networkAcls.flatMap(({ id, rules }) => rules.map((rule) => ({ id, ...rule }))),
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
    ...section(
      "Security group rules",
      view.securityGroups.flatMap(({ id, rules }) => rules.map((rule) => ({ group: id, ...rule }))),
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
    ...section(
      "Elastic IP addresses",
      view.elasticIps,
      ["ADDRESS", "ALLOCATION", "INTERFACE", "PRIVATE"],
      ({ id, publicIp, networkInterfaceId, privateIp }) => [publicIp, id, networkInterfaceId ?? "-", privateIp ?? "-"],
    ),
    ...section("Faults", view.faults, ["FAULT", "PACKETS"], (fault) => [
      describeFault(fault),
      fault.packets === undefined ? "-" : String(fault.packets),
    ]),
    ...section("Waiting", view.waiting, ["WHAT", ""], ({ id, what }) => [id, what]),
  ].join("\n");
}

function ports(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined) return "-";
  return from === to ? String(from) : `${from}-${to}`;
}

function text(record: ResourceRecord | undefined, key: string): string {
  const value = record?.outputs[key];
  return typeof value === "string" ? value : "";
}

function texts(record: ResourceRecord, key: string): string[] {
  const value = record.outputs[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function number(record: ResourceRecord, key: string): number {
  const value = Number(record.outputs[key]);
  return Number.isInteger(value) ? value : 0;
}

/** A property that is there only when it says something. */
function some<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  const pair: { [key in K]?: string } = {};
  if (value !== undefined && value !== "") pair[key] = value;
  return pair;
}
