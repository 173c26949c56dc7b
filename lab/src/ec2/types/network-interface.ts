import { isIPv4 } from "node:net";
import type { PropertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mapsOf, mustText, numberOf, textOf, textsOf } from "../engine/fields";
import { macAddress } from "../engine/ids";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { type Records } from "../engine/records";
import { type Companion, ownerOf } from "../engine/companion";
import { ACCOUNT_ID, DEFAULT_REGION, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { attach, attachmentCompanion, attachmentOf, findInstance, plug } from "./interface-attachment";
import { addressesInUse, choosePrivateAddress, refusePrivateAddress } from "./ip-address";
import { securityGroupsOf } from "./security-group";
import { findSubnet, subnetCidr } from "./subnet";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

const NO_IPV6 = "its networks are IPv4 only";
const NO_PREFIXES = "its interfaces have addresses, not prefixes";

/** `aws.ec2.NetworkInterface`. An attachment that is given inside is a record of an attachment, too. */
export const networkInterface: ResourceType = {
  token: EC2.networkInterface,
  title: "EC2 Network Interface",
  actions: {
    create: "CreateNetworkInterface",
    update: "ModifyNetworkInterfaceAttribute",
    delete: "DeleteNetworkInterface",
  },
  idPrefix: "eni",
  holds: [
    { to: EC2.subnet, by: "subnetId" },
    { to: EC2.securityGroup, by: "securityGroups" },
  ],
  inputs: {
    attachments: {
      kind: {
        blocks: {
          attachmentId: { kind: "string", computed: true, lab: "recorded" },
          deviceIndex: { kind: "int", required: true, lab: "enforced" },
          instance: { kind: "string", required: true, lab: "enforced" },
          networkCardIndex: refused("int", "a node has one network card", { computed: true }),
        },
      },
      computed: true,
      set: true,
      lab: "enforced",
    },
    description: { kind: "string", lab: "recorded" },
    enaSrdSpecification: refused({ block: {} }, "it has no ENA Express", { unset: null }),
    enablePrimaryIpv6: refused("bool", NO_IPV6, { computed: true }),
    interfaceType: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "recorded",
      check: (value, name) =>
        oneOf("interface")(value, name) && `the lab does not model the interface type ${String(value)}`,
    },
    ipv4PrefixCount: refused("int", NO_PREFIXES, { computed: true }),
    ipv4Prefixes: refused("strings", NO_PREFIXES, { computed: true, set: true }),
    ipv6AddressCount: refused("int", NO_IPV6, { computed: true }),
    ipv6AddressListEnabled: refused("bool", NO_IPV6),
    ipv6AddressLists: refused("strings", NO_IPV6, { computed: true }),
    ipv6Addresses: refused("strings", NO_IPV6, { computed: true, set: true }),
    ipv6PrefixCount: refused("int", NO_IPV6, { computed: true }),
    ipv6Prefixes: refused("strings", NO_IPV6, { computed: true, set: true }),
    privateIp: { kind: "string", computed: true, forceNew: true, lab: "enforced", check: addressProblem },
    privateIpListEnabled: refused("bool", "give privateIps"),
    privateIpLists: refused("strings", "give privateIps", { computed: true }),
    privateIps: {
      kind: "strings",
      computed: true,
      set: true,
      lab: "enforced",
      check: (value, name) =>
        Array.isArray(value)
          ? value.map((each) => addressProblem(each, name)).find((problem) => problem !== undefined)
          : undefined,
    },
    privateIpsCount: { kind: "int", computed: true, lab: "enforced" },
    region: regionInput,
    securityGroups: { kind: "strings", computed: true, set: true, lab: "enforced" },
    sourceDestCheck: { kind: "bool", default: true, lab: "enforced" },
    subnetId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    tags: tagsInput,
  },
  computed: ["arn", "macAddress", "outpostArn", "ownerId", "privateDnsName"],
  check(inputs) {
    const failures =
      mapsOf(inputs, "attachments").length > 1
        ? [
            {
              path: "attachments",
              reason: 'Too many attachment blocks. No more than 1 "attachment" blocks are allowed',
            },
          ]
        : [];
    if (inputs["privateIps"] === undefined || inputs["privateIpsCount"] === undefined) return failures;
    return [
      ...failures,
      {
        path: "privateIps",
        reason: `Conflicting configuration arguments. "private_ips": conflicts with private_ips_count`,
      },
      {
        path: "privateIpsCount",
        reason: `Conflicting configuration arguments. "private_ips_count": conflicts with private_ips`,
      },
    ];
  },
  // The primary address is the interface's for good.
  replaces: (olds, news, changed) => {
    const primary = textOf(olds, "privateIp") ?? textsOf(olds, "privateIps")[0];
    return changed.has("privateIps") &&
      primary !== undefined &&
      Array.isArray(news["privateIps"]) &&
      !textsOf(news, "privateIps").includes(primary)
      ? ["privateIps"]
      : [];
  },
  create({ id, inputs, region, records }) {
    const subnet = findSubnet(records, mustText(inputs, "subnetId"));
    const addresses = privateAddresses(records, subnet, inputs);
    const attachment = wantedAttachment(records, id, inputs);
    const dnsNames = findVpc(records, mustText(subnet.outputs, "vpcId")).outputs["enableDnsHostnames"] === true;
    return {
      outputs: {
        arn: ec2Arn(region, `network-interface/${id}`),
        interfaceType: "interface",
        macAddress: macAddress(id),
        outpostArn: "",
        ownerId: ACCOUNT_ID,
        privateDnsName: dnsNames
          ? `ip-${addresses[0]?.replaceAll(".", "-")}.${region === DEFAULT_REGION ? "ec2.internal" : `${region}.compute.internal`}`
          : "",
        securityGroups: securityGroupsOf(records, subnet, { wanted: textsOf(inputs, "securityGroups"), had: [] }),
        enablePrimaryIpv6: false,
        ...addressOutputs(addresses),
        attachments: attachment === undefined ? [] : [attachmentOutput(attachment)],
      },
      companions: attachment === undefined ? [] : [attachment],
    };
  },
  update({ record, inputs, records }) {
    const subnet = findSubnet(records, mustText(record.outputs, "subnetId"));
    const outputs = {
      ...addressOutputs(privateAddresses(records, subnet, inputs, record)),
      securityGroups: securityGroupsOf(records, subnet, {
        wanted: textsOf(inputs, "securityGroups"),
        had: textsOf(record.outputs, "securityGroups"),
      }),
    };
    if (inputs["attachments"] === undefined) return { outputs };
    const attachment = wantedAttachment(records, record.id, inputs, ownAttachment(records, record));
    return {
      outputs: { ...outputs, attachments: attachment === undefined ? [] : [attachmentOutput(attachment)] },
      companions: attachment === undefined ? [] : [attachment],
    };
  },
  inUse: () => new ApiError("OperationNotPermitted", "The network interface at device index 0 cannot be detached."),
  read(record, records) {
    const attachment = attachmentOf(records, record.id);
    return {
      attachments:
        attachment === undefined
          ? []
          : [
              {
                attachmentId: attachment.id,
                deviceIndex: attachment.deviceIndex,
                instance: attachment.instanceId,
                networkCardIndex: 0,
              },
            ],
    };
  },
  effects: {
    async created(backend, record, records) {
      await plug(backend, records, attachmentOf(records, record.id));
      return {};
    },
    async updated(backend, before, record, records) {
      const [was] = mapsOf(before.outputs, "attachments");
      const now = attachmentOf(records, record.id);
      const same = was !== undefined && was["instance"] === now?.instanceId && was["deviceIndex"] === now?.deviceIndex;
      if (was !== undefined && !same)
        await backend.unplugInterface(mustText(was, "instance"), numberOf(was, "deviceIndex") ?? 1);
      if (!same) await plug(backend, records, now);
      return {};
    },
    async deleting(backend, record) {
      const [was] = mapsOf(record.outputs, "attachments");
      if (was !== undefined && (numberOf(was, "deviceIndex") ?? 0) > 0)
        await backend.unplugInterface(mustText(was, "instance"), numberOf(was, "deviceIndex") ?? 1);
    },
  },
};

function addressProblem(value: unknown, name: string): string | undefined {
  return isIPv4(String(value)) ? undefined : `expected ${name} to contain a valid IPv4 address, got: ${String(value)}`;
}

/** The primary address first; what was chosen before stays. */
function privateAddresses(
  records: Records,
  subnet: ResourceRecord,
  inputs: PropertyMap,
  record?: ResourceRecord,
): string[] {
  const had =
    record === undefined
      ? []
      : [
          mustText(record.outputs, "privateIp"),
          ...textsOf(record.outputs, "privateIps").filter((address) => address !== record.outputs["privateIp"]),
        ];
  const used = addressesInUse(records, subnet.id);
  for (const address of had) used.delete(address);
  const given = textsOf(inputs, "privateIps");
  const primary = had[0] ?? textOf(inputs, "privateIp") ?? given[0] ?? choosePrivateAddress(records, subnet, undefined);
  const count = numberOf(inputs, "privateIpsCount");
  const kept =
    given.length > 0
      ? given.filter((address) => address !== primary)
      : had.slice(1, count === undefined ? undefined : 1 + count);
  const addresses = [primary, ...kept];
  for (const address of addresses) refusePrivateAddress(subnetCidr(subnet), used, address);
  while (given.length === 0 && addresses.length < 1 + (count ?? 0))
    addresses.push(choosePrivateAddress(records, subnet, undefined, addresses));
  return addresses;
}

function addressOutputs(addresses: readonly string[]): PropertyMap {
  return {
    privateIp: addresses[0] ?? "",
    privateIps: [...addresses],
    privateIpLists: [...addresses],
    privateIpsCount: addresses.length - 1,
  };
}

function wantedAttachment(
  records: Records,
  id: string,
  inputs: PropertyMap,
  replacing?: string,
): Companion | undefined {
  const [wanted] = mapsOf(inputs, "attachments");
  if (wanted === undefined) return undefined;
  const instance = findInstance(records, mustText(wanted, "instance"));
  return attachmentCompanion(
    attach(
      records,
      { id: instance.id, zone: mustText(instance.outputs, "availabilityZone") },
      { id, subnetId: mustText(inputs, "subnetId") },
      numberOf(wanted, "deviceIndex") ?? 1,
      replacing,
    ),
  );
}

function attachmentOutput({ id, outputs }: Companion): PropertyMap {
  return {
    attachmentId: id,
    deviceIndex: outputs["deviceIndex"] ?? 1,
    instance: outputs["instanceId"] ?? "",
    networkCardIndex: 0,
  };
}

function ownAttachment(records: Records, record: ResourceRecord): string | undefined {
  return records
    .where(EC2.networkInterfaceAttachment, "networkInterfaceId", record.id)
    .find((other) => ownerOf(other) === record.id)?.id;
}
