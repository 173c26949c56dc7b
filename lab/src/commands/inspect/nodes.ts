import { interfaceAsInstance, withPrimaryInterface } from "../../cloud/network-interface";
import { GUEST_PORT } from "../../fabric/names";
import { consoleLog } from "../../node/node";
import type { ResourceRecord } from "../../state/record";
import type { LabView, NetworkInterfaceView, NodeView, SubnetView } from "./lab-view";
import { number, type Reading, some, text, texts } from "./reading";
import type { Seen } from "./seen";

const EIP_ASSOCIATION = "aws:ec2/eipAssociation:EipAssociation";

/** The instances that are not terminated. */
export function instancesOf({ of }: Reading): readonly ResourceRecord[] {
  return of("aws:ec2/instance:Instance").filter(({ outputs }) => outputs["instanceState"] !== "terminated");
}

/** The network interfaces: the primary ones of all instances, then the others. */
export function networkInterfaceViews(reading: Reading): NetworkInterfaceView[] {
  const { of, named, namespace } = reading;
  const own = of("aws:ec2/networkInterface:NetworkInterface");
  const attachments = of("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment");
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
  const primary = instancesOf(reading).map((instance) =>
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

export function nodeViews(
  reading: Reading,
  seen: Seen,
  subnets: readonly SubnetView[],
  networkInterfaces: readonly NetworkInterfaceView[],
): NodeView[] {
  return instancesOf(reading).map((record) => nodeView(reading, record, seen, subnets, networkInterfaces));
}

function nodeView(
  { lab, of, named, namespace }: Reading,
  record: ResourceRecord,
  seen: Seen,
  subnets: readonly SubnetView[],
  networkInterfaces: readonly NetworkInterfaceView[],
): NodeView {
  const { state, pid, uptime, paused, settled } = seen.node(record.id);
  const subnet = subnets.find(({ id }) => id === record.outputs["subnetId"]);
  const own = networkInterfaces
    .filter(({ instanceId }) => instanceId === record.id)
    .sort((a, b) => (a.deviceIndex ?? 0) - (b.deviceIndex ?? 0));
  const card = text(record, "primaryNetworkInterfaceId");
  const address = of(EIP_ASSOCIATION).find(
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

export function elasticIpViews({ of }: Reading): LabView["elasticIps"] {
  return of("aws:ec2/eip:Eip").map((record) => {
    const association = of(EIP_ASSOCIATION).find(({ outputs }) => outputs["publicIp"] === record.outputs["publicIp"]);
    return {
      id: record.id,
      publicIp: text(record, "publicIp"),
      ...some("networkInterfaceId", text(association, "networkInterfaceId")),
      ...some("privateIp", text(association, "privateIpAddress")),
    };
  });
}
