import type { NodeState } from "../../node/node";
import type { Fault } from "../../state/faults";

/** What every resource has. */
export interface Named {
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
