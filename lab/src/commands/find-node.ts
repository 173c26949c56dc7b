import { namespaceOf, namespaceOfId, namespacePrefix } from "../fabric/names";
import { nodeStatus, type NodeState } from "../node/node";
import type { Lab } from "../state/paths";
import type { ResourceRecord } from "../state/record";
import { RecordStore } from "../state/store";
import { printable } from "./printable";

/** A node as the commands show it. */
export interface LabNode {
  readonly id: string;
  /** Its Name tag; the id when it has none. */
  readonly name: string;
  readonly vpc: string;
  readonly availabilityZone: string;
  readonly privateIp: string;
  /** Empty when it has none. */
  readonly publicIp: string;
  readonly state: NodeState;
  /** Network namespace of its card. */
  readonly namespace: string;
  /** Those of its secondary interfaces' cards. */
  readonly otherNamespaces?: readonly string[];
}

/** The lab's nodes, by name. */
export function labNodes(lab: Lab): LabNode[] {
  const records = new RecordStore(lab).list();
  const byId = new Map(records.map((record) => [record.id, record]));
  const elastic = new Map(
    records
      .filter(({ type }) => type === "aws:ec2/eipAssociation:EipAssociation")
      .map((record) => [
        `${text(record, "networkInterfaceId")} ${text(record, "privateIpAddress")}`,
        text(record, "publicIp"),
      ]),
  );
  return records
    .filter(({ type, outputs }) => type === "aws:ec2/instance:Instance" && outputs["instanceState"] !== "terminated")
    .map((record) => {
      const subnet = byId.get(text(record, "subnetId"));
      const vpc = subnet && byId.get(text(subnet, "vpcId"));
      return {
        id: record.id,
        name: nameOf(record),
        vpc: vpc === undefined ? "" : nameOf(vpc),
        availabilityZone:
          text(record, "availabilityZone") || (subnet === undefined ? "" : text(subnet, "availabilityZone")),
        privateIp: text(record, "privateIp"),
        // An Elastic IP address takes the place of the one given at launch.
        publicIp:
          elastic.get(`${text(record, "primaryNetworkInterfaceId")} ${text(record, "privateIp")}`) ??
          text(record, "publicIp"),
        state: nodeStatus(lab, record.id).state,
        namespace: namespaceOf(lab, record),
        otherNamespaces: records
          .filter(
            ({ type, outputs }) =>
              type === "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment" &&
              outputs["instanceId"] === record.id &&
              outputs["deviceIndex"] !== 0,
          )
          .map((attachment) => namespaceOfId(namespacePrefix(lab), text(attachment, "networkInterfaceId"))),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

/**
 * The node that a person means: by instance id, address, Name tag, or the end of a Name tag after a hyphen (blue-a0 for
 * test-blue-a0) where that says which.
 *
 * @throws naming the nodes there are when none or several are meant
 */
export function findNode(lab: Lab, wanted: string): LabNode {
  return chooseNode(labNodes(lab), wanted);
}

export function chooseNode(nodes: readonly LabNode[], wanted: string): LabNode {
  if (wanted === "") throw new Error("Which node? Give its name, instance id or address");
  const exact = nodes.filter(({ id, name, privateIp, publicIp }) => [id, name, privateIp, publicIp].includes(wanted));
  const meant = exact.length > 0 ? exact : nodes.filter(({ name }) => name.endsWith(`-${wanted}`));
  const [node, another] = meant;
  if (node === undefined) {
    throw new Error(
      nodes.length === 0
        ? "The lab has no nodes"
        : `The lab has no node "${wanted}". There are: ${nodes.map(({ name }) => name).join(", ")}`,
    );
  }
  if (another !== undefined)
    throw new Error(
      `"${wanted}" may be ${meant.map(({ name, id }) => `${name} (${id})`).join(" or ")}: give the instance id`,
    );
  return node;
}

/** The Name tag as a terminal may show it, or the id. */
export function nameOf(record: ResourceRecord): string {
  const tags = record.outputs["tags"];
  const name = typeof tags === "object" && tags !== null && "Name" in tags ? tags.Name : undefined;
  return typeof name === "string" && name !== "" ? printable(name) : record.id;
}

function text(record: ResourceRecord, key: string): string {
  const value = record.outputs[key];
  return typeof value === "string" ? value : "";
}
