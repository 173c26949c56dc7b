import { readCloud } from "../../../lab/src/cloud/cloud";
import type { Packet } from "../../../lab/src/reach/packet";
import type { Origin, Path } from "../../../lab/src/reach/path";
import { reach } from "../../../lab/src/reach/reach";
import { CloudRecords } from "../../support/cloud-records";

export const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };

/** a1 and a2 in a subnet, a3 in another; b1 and c1 in peered VPCs; a1 has a public address. Everything is let in. */
export function three(): CloudRecords {
  const records = new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .subnet("a2", "a", "10.1.2.0/24")
    .vpc("b", "10.2.0.0/16")
    .subnet("b1", "b", "10.2.1.0/24")
    .vpc("c", "10.3.0.0/16")
    .subnet("c1", "c", "10.3.1.0/24")
    .peering("ab", "a", "b")
    .peering("ca", "c", "a")
    .internetGateway("a", "a")
    .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
    .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .route("b", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .instance("a1", "a", "a1", ip.a1, { publicIp: "203.0.113.11" })
    .instance("a2", "a", "a1", ip.a2)
    .instance("a3", "a", "a2", ip.a3)
    .instance("b1", "b", "b1", ip.b1)
    .instance("c1", "c", "c1", ip.c1);
  for (const name of Object.keys(ip)) records.ingress(`${name}-in`, name, everything);
  return records;
}

export const ip = { a1: "10.1.1.11", a2: "10.1.1.12", a3: "10.1.2.11", b1: "10.2.1.11", c1: "10.3.1.11" };

export const udp = (source: string, destination: string, port = 4789): Packet => ({
  source,
  destination,
  protocol: 17,
  ports: { source: 40000, destination: port },
  length: 100,
  dontFragment: false,
});
export const ipip = (source: string, destination: string): Packet => ({
  source,
  destination,
  protocol: 4,
  length: 100,
  dontFragment: false,
});
export const syn = (source: string, destination: string, port: number): Packet => ({
  ...udp(source, destination, port),
  protocol: 6,
});
export const echo = (source: string, destination: string): Packet => ({
  source,
  destination,
  protocol: 1,
  icmp: { type: 8, code: 0, identifier: 1 },
  length: 84,
  dontFragment: true,
});

export function trace(
  records: CloudRecords,
  from: keyof typeof ip | "internet",
  packet: Packet,
  nextHop?: string,
): Path {
  const origin: Origin =
    from === "internet" ? from : { instanceId: `i-${from}`, ...(nextHop === undefined ? {} : { nextHop }) };
  return reach(readCloud(records.list()), origin, packet);
}

/** Where it is delivered; or the code, and the place that dropped it with the rule that decided. */
export function outcome(path: Path): string {
  if (path.verdict === "delivered") return path.to === "internet" ? "internet" : path.to.instanceId;
  const last = path.hops.at(-1);
  return [path.code, last?.kind, last?.id, last?.rule].filter((word) => word !== undefined).join(" ");
}

/** Three VPCs where a2, which has no public address, is led to a NAT gateway in the other subnet. */
export function natted(): CloudRecords {
  return three()
    .routeTable("private", "a", "a1")
    .route("private", "0.0.0.0/0", { natGatewayId: "nat-a" })
    .add("aws:ec2/natGateway:NatGateway", "nat-a", {
      subnetId: "subnet-a2",
      privateIp: "10.1.2.20",
      networkInterfaceId: "eni-nat",
    })
    .add("aws:ec2/eipAssociation:EipAssociation", "eipassoc-nat", {
      networkInterfaceId: "eni-nat",
      privateIpAddress: "10.1.2.20",
      publicIp: "203.0.113.20",
    });
}

export const TRANSIT = "aws:ec2transitgateway";
/** Three VPCs where a and b are joined by a transit gateway instead of a peering. */
export function joined(): CloudRecords {
  const records = three()
    .remove("pcx-ab", "r-rtb-a-10-2-0-0-16", "r-rtb-b-10-1-0-0-16")
    .route("a", "10.2.0.0/16", { transitGatewayId: "tgw-1" })
    .route("b", "10.1.0.0/16", { transitGatewayId: "tgw-1" });
  records
    .add(`${TRANSIT}/transitGateway:TransitGateway`, "tgw-1", {})
    .add(`${TRANSIT}/routeTable:RouteTable`, "tgw-rtb-1", { transitGatewayId: "tgw-1" });
  for (const [vpc, subnet] of [
    ["a", "a1"],
    ["b", "b1"],
  ] as const) {
    records
      .add(`${TRANSIT}/vpcAttachment:VpcAttachment`, `tgw-attach-${vpc}`, {
        transitGatewayId: "tgw-1",
        vpcId: `vpc-${vpc}`,
        subnetIds: [`subnet-${subnet}`],
      })
      .add(`${TRANSIT}/routeTableAssociation:RouteTableAssociation`, `assoc-${vpc}`, {
        transitGatewayAttachmentId: `tgw-attach-${vpc}`,
        transitGatewayRouteTableId: "tgw-rtb-1",
      })
      .add(`${TRANSIT}/routeTablePropagation:RouteTablePropagation`, `prop-${vpc}`, {
        transitGatewayAttachmentId: `tgw-attach-${vpc}`,
        transitGatewayRouteTableId: "tgw-rtb-1",
      });
  }
  return records;
}
