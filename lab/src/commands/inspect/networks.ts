import type { ResourceRecord } from "../../state/record";
import type {
  GatewayView,
  NetworkInterfaceView,
  PeeringView,
  RouteTableView,
  SubnetView,
  TransitGatewayView,
  VpcView,
} from "./lab-view";
import { type Reading, some, text, texts } from "./reading";

export function vpcViews({ of, named, namespace }: Reading): VpcView[] {
  return of("aws:ec2/vpc:Vpc").map((record) => ({
    ...named(record),
    cidr: text(record, "cidrBlock"),
    mainRouteTableId: text(record, "mainRouteTableId"),
    namespace: namespace(record.id),
  }));
}

/** The subnets, each with the route table that it is associated with, or its VPC's main one. */
export function subnetViews({ of, named }: Reading, vpcs: readonly VpcView[]): SubnetView[] {
  const associations = of("aws:ec2/routeTableAssociation:RouteTableAssociation");
  return of("aws:ec2/subnet:Subnet").map((record) => {
    const vpcId = text(record, "vpcId");
    const association = associations.find(({ outputs }) => outputs["subnetId"] === record.id);
    return {
      ...named(record),
      vpcId,
      cidr: text(record, "cidrBlock"),
      availabilityZone: text(record, "availabilityZone"),
      routeTableId: text(association, "routeTableId") || (vpcs.find(({ id }) => id === vpcId)?.mainRouteTableId ?? ""),
    };
  });
}

/** The inputs of a route that name its target; a route has one of them. */
const routeTargets = [
  "gatewayId",
  "natGatewayId",
  "transitGatewayId",
  "vpcPeeringConnectionId",
  "networkInterfaceId",
  "instanceId",
];

/** The route tables; a route whose target is gone or not yet accepted is a black hole, as in EC2. */
export function routeTableViews(
  { of, named, records }: Reading,
  vpcs: readonly VpcView[],
  subnets: readonly SubnetView[],
  networkInterfaces: readonly NetworkInterfaceView[],
): RouteTableView[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  const isThere = (target: string): boolean => {
    const record = byId.get(target);
    if (record === undefined)
      return networkInterfaces.some(({ id, instanceId }) => id === target && instanceId !== undefined);
    return (
      record.type !== "aws:ec2/vpcPeeringConnection:VpcPeeringConnection" || record.outputs["acceptStatus"] === "active"
    );
  };
  const view = (route: ResourceRecord): RouteTableView["routes"][number] => {
    const target = routeTargets.map((key) => text(route, key)).find((id) => id !== "") ?? "";
    return {
      destination: text(route, "destinationCidrBlock"),
      target,
      state: isThere(target) ? "active" : "blackhole",
    };
  };
  const routes = of("aws:ec2/route:Route");
  return of("aws:ec2/routeTable:RouteTable").map((record) => ({
    ...named(record),
    vpcId: text(record, "vpcId"),
    main: vpcs.some(({ id, mainRouteTableId }) => id === text(record, "vpcId") && mainRouteTableId === record.id),
    subnetIds: subnets.filter(({ routeTableId }) => routeTableId === record.id).map(({ id }) => id),
    routes: routes.filter(({ outputs }) => outputs["routeTableId"] === record.id).map(view),
  }));
}

export function gatewayViews({ of, named, namespace }: Reading, subnets: readonly SubnetView[]): GatewayView[] {
  return [
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
  ];
}

export function peeringViews({ of, named }: Reading): PeeringView[] {
  return of("aws:ec2/vpcPeeringConnection:VpcPeeringConnection").map((record) => ({
    ...named(record),
    requesterVpcId: text(record, "vpcId"),
    accepterVpcId: text(record, "peerVpcId"),
    status: text(record, "acceptStatus"),
  }));
}

export function transitGatewayViews({ of, named, namespace }: Reading): TransitGatewayView[] {
  const associations = of("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation");
  const attachment = (record: ResourceRecord): TransitGatewayView["attachments"][number] => ({
    id: record.id,
    vpcId: text(record, "vpcId"),
    subnetIds: texts(record, "subnetIds"),
    ...some(
      "routeTableId",
      text(
        associations.find(({ outputs }) => outputs["transitGatewayAttachmentId"] === record.id),
        "transitGatewayRouteTableId",
      ),
    ),
  });
  const routeTable = ({ id }: ResourceRecord): TransitGatewayView["routeTables"][number] => {
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
  };
  return of("aws:ec2transitgateway/transitGateway:TransitGateway").map((record) => {
    const ofGateway = (type: string): ResourceRecord[] =>
      of(type).filter(({ outputs }) => outputs["transitGatewayId"] === record.id);
    return {
      ...named(record),
      namespace: namespace(record.id),
      attachments: ofGateway("aws:ec2transitgateway/vpcAttachment:VpcAttachment").map(attachment),
      routeTables: ofGateway("aws:ec2transitgateway/routeTable:RouteTable").map(routeTable),
    };
  });
}
