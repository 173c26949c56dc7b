import { isIPv4 } from "node:net";
import { type PropertyMap, propertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textOf, textsOf } from "../engine/fields";
import { type Inputs, between, oneOf, refused, regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import type { InputFailure, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { associationOf, publicDnsOf } from "./elastic-ip";
import { findInterface } from "./interface-attachment";
import { addressesInUse, choosePublicAddress, refusePrivateAddress } from "./ip-address";
import { findSubnet, subnetCidr } from "./subnet";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";
import {
  filledBlocks,
  MOST_USER_DATA,
  placeOf,
  refuseImageAndType,
  refuseUserData,
  runInstance,
  securityGroups,
} from "./instance-launch";
import { nodeEffects, restarts } from "./instance-node";

const NO_IPV6 = "its networks are IPv4 only";
const NO_SECONDARY_NETWORKS = "it has no secondary networks; give networkInterfaces, or a NetworkInterfaceAttachment";
const NO_PLACEMENT = "all its nodes run on this machine";
const ONE_DISK = "a node has one disk, made from the lab's image";

const inputs: Inputs = {
  ami: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
  associatePublicIpAddress: { kind: "bool", computed: true, forceNew: true, lab: "enforced" },
  availabilityZone: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
  capacityReservationSpecification: refused({ block: {} }, NO_PLACEMENT, { computed: true }),
  cpuOptions: refused({ block: {} }, "a node has one processor", { computed: true, forceNew: true }),
  creditSpecification: {
    kind: { block: { cpuCredits: { kind: "string", lab: "recorded", check: oneOf("standard", "unlimited") } } },
    lab: "recorded",
  },
  disableApiStop: { kind: "bool", computed: true, lab: "recorded" },
  disableApiTermination: { kind: "bool", computed: true, lab: "enforced" },
  ebsBlockDevices: refused({ blocks: {} }, ONE_DISK, { computed: true, forceNew: true }),
  ebsOptimized: { kind: "bool", computed: true, forceNew: true, lab: "recorded" },
  enablePrimaryIpv6: refused("bool", NO_IPV6, { computed: true, forceNew: true }),
  enclaveOptions: refused({ block: {} }, "a node has no enclaves", { computed: true, forceNew: true }),
  ephemeralBlockDevices: refused({ blocks: {} }, ONE_DISK, { computed: true, forceNew: true }),
  forceDestroy: { kind: "bool", lab: "enforced" },
  getPasswordData: refused("bool", "a node runs no Windows"),
  hibernation: refused("bool", "a node cannot hibernate", { forceNew: true }),
  hostId: refused("string", NO_PLACEMENT, { computed: true, forceNew: true }),
  hostResourceGroupArn: refused("string", NO_PLACEMENT, { computed: true, forceNew: true, unset: null }),
  iamInstanceProfile: refused("string", "it has no IAM", { computed: true }),
  instanceInitiatedShutdownBehavior: { kind: "string", computed: true, lab: "enforced", check: shutdownProblem },
  instanceMarketOptions: refused({ block: {} }, "it has no spot market", { computed: true, forceNew: true }),
  instanceType: { kind: "string", computed: true, lab: "enforced" },
  ipv6AddressCount: refused("int", NO_IPV6, { computed: true, forceNew: true }),
  ipv6Addresses: refused("strings", NO_IPV6, { computed: true, forceNew: true }),
  keyName: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
  launchTemplate: refused({ block: {} }, "it has no launch templates", { forceNew: true }),
  maintenanceOptions: {
    kind: {
      block: { autoRecovery: { kind: "string", computed: true, lab: "recorded", check: oneOf("default", "disabled") } },
    },
    computed: true,
    lab: "recorded",
  },
  metadataOptions: {
    kind: {
      block: {
        httpEndpoint: { kind: "string", default: "enabled", lab: "enforced", check: oneOf("enabled", "disabled") },
        httpProtocolIpv6: { kind: "string", default: "disabled", lab: "recorded", check: oneOf("enabled", "disabled") },
        httpPutResponseHopLimit: { kind: "int", computed: true, lab: "enforced", check: between(1, 64) },
        httpTokens: { kind: "string", computed: true, lab: "enforced", check: oneOf("optional", "required") },
        instanceMetadataTags: { kind: "string", computed: true, lab: "enforced", check: oneOf("enabled", "disabled") },
      },
    },
    computed: true,
    lab: "enforced",
  },
  monitoring: { kind: "bool", computed: true, lab: "recorded" },
  networkInterfaces: {
    kind: {
      blocks: {
        deleteOnTermination: {
          kind: "bool",
          default: false,
          forceNew: true,
          lab: "recorded",
          check: (value, name) =>
            value === true ? `the lab does not model ${name} true: an interface is a resource of its own` : undefined,
        },
        deviceIndex: { kind: "int", required: true, forceNew: true, lab: "enforced", check: between(0, 15) },
        networkCardIndex: refused("int", "a node has one network card", { default: 0 }),
        networkInterfaceId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
      },
    },
    computed: true,
    forceNew: true,
    set: true,
    lab: "enforced",
  },
  placementGroup: refused("string", NO_PLACEMENT, { computed: true, forceNew: true }),
  placementGroupId: refused("string", NO_PLACEMENT, { computed: true, forceNew: true }),
  placementPartitionNumber: refused("int", NO_PLACEMENT, { computed: true, forceNew: true }),
  primaryNetworkInterface: {
    kind: {
      block: {
        deleteOnTermination: refused("bool", "an interface that is given is a resource of its own", { computed: true }),
        networkInterfaceId: { kind: "string", required: true, lab: "enforced" },
      },
    },
    computed: true,
    forceNew: true,
    lab: "enforced",
  },
  privateDnsNameOptions: {
    kind: {
      block: {
        enableResourceNameDnsARecord: { kind: "bool", computed: true, lab: "recorded" },
        enableResourceNameDnsAaaaRecord: refused("bool", NO_IPV6, { computed: true }),
        hostnameType: { kind: "string", computed: true, lab: "enforced", check: oneOf("ip-name", "resource-name") },
      },
    },
    computed: true,
    forceNew: true,
    lab: "enforced",
  },
  privateIp: {
    kind: "string",
    computed: true,
    forceNew: true,
    lab: "enforced",
    check: (value, name) =>
      isIPv4(String(value)) ? undefined : `expected ${name} to contain a valid IPv4 address, got: ${String(value)}`,
  },
  region: regionInput,
  rootBlockDevice: {
    kind: {
      block: {
        deleteOnTermination: { kind: "bool", default: true, lab: "recorded" },
        deviceName: { kind: "string", computed: true, lab: "recorded" },
        encrypted: { kind: "bool", computed: true, forceNew: true, lab: "recorded" },
        iops: { kind: "int", computed: true, lab: "recorded" },
        kmsKeyId: { kind: "string", computed: true, forceNew: true, lab: "recorded" },
        tags: { kind: "stringMap", unset: null, lab: "recorded" },
        tagsAll: { kind: "stringMap", computed: true, lab: "recorded" },
        throughput: { kind: "int", computed: true, lab: "recorded" },
        volumeId: { kind: "string", computed: true, lab: "recorded" },
        volumeSize: { kind: "int", computed: true, lab: "recorded" },
        volumeType: {
          kind: "string",
          computed: true,
          lab: "recorded",
          check: oneOf("standard", "io1", "io2", "gp2", "sc1", "st1", "gp3"),
        },
      },
    },
    computed: true,
    lab: "recorded",
  },
  secondaryNetworkInterfaces: refused({ blocks: {} }, NO_SECONDARY_NETWORKS, { computed: true, forceNew: true }),
  secondaryPrivateIps: { kind: "strings", computed: true, set: true, lab: "enforced" },
  securityGroups: refused("strings", "it has no default VPC; give vpcSecurityGroupIds", {
    computed: true,
    forceNew: true,
    set: true,
  }),
  sourceDestCheck: { kind: "bool", default: true, lab: "enforced" },
  subnetId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
  tags: tagsInput,
  tenancy: {
    kind: "string",
    computed: true,
    forceNew: true,
    lab: "recorded",
    check: oneOf("default", "dedicated", "host"),
  },
  userData: { kind: "string", computed: true, unset: null, lab: "enforced", check: userDataProblem },
  userDataBase64: { kind: "string", computed: true, unset: null, lab: "enforced", check: base64Problem },
  userDataReplaceOnChange: { kind: "bool", lab: "enforced" },
  volumeTags: { kind: "stringMap", unset: null, lab: "recorded" },
  vpcSecurityGroupIds: { kind: "strings", computed: true, set: true, lab: "enforced" },
};

/**
 * `aws.ec2.Instance`: a User-mode Linux node with a network interface of its own, or those that it is launched with.
 */
export const instance: ResourceType = {
  token: EC2.instance,
  title: "EC2 Instance",
  actions: { create: "RunInstances", update: "ModifyInstanceAttribute", delete: "TerminateInstances" },
  idPrefix: "i",
  holds: [
    { to: EC2.subnet, by: "subnetId" },
    { to: EC2.securityGroup, by: "vpcSecurityGroupIds" },
  ],
  inputs,
  computed: [
    "arn",
    "instanceLifecycle",
    "instanceState",
    "outpostArn",
    "passwordData",
    "primaryNetworkInterfaceId",
    "privateDns",
    "publicDns",
    "publicIp",
    "spotInstanceRequestId",
  ],
  check: checkInstance,
  // The provider forces it while it works out the difference, which shows as a change of `__meta`.
  replaces: (_olds, news, changed) =>
    news["userDataReplaceOnChange"] === true && (changed.has("userData") || changed.has("userDataBase64"))
      ? ["__meta"]
      : [],
  create: runInstance,
  update: ({ record, inputs: given, records }) => {
    refuseImageAndType(given, records.region);
    refuseUserData(given);
    const { subnet } = placeOf(records, mustText(record.outputs, "subnetId"));
    // What an interface of its own has is changed there.
    if (records.find(EC2.networkInterface, mustText(record.outputs, "primaryNetworkInterfaceId")) !== undefined)
      return { outputs: { ...interfaceOutputs(record, records), ...filledBlocks(given, record) } };
    const groups = securityGroups(records, subnet, given, record);
    const secondary =
      given["secondaryPrivateIps"] === undefined
        ? textsOf(record.outputs, "secondaryPrivateIps")
        : textsOf(given, "secondaryPrivateIps");
    const used = addressesInUse(records, subnet.id);
    for (const address of textsOf(record.outputs, "secondaryPrivateIps")) used.delete(address);
    for (const address of secondary) refusePrivateAddress(subnetCidr(subnet), used, address);
    return {
      outputs: {
        vpcSecurityGroupIds: groups,
        secondaryPrivateIps: secondary,
        ...filledBlocks(given, record),
        ...addressAfterRestart(record, given, records),
      },
    };
  },
  refuseDelete(record) {
    if (record.outputs["disableApiTermination"] !== true || record.outputs["forceDestroy"] === true) return;
    throw new ApiError(
      "OperationNotPermitted",
      `The instance '${record.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
  },
  // Elastic IP addresses of the interface that goes with it are free again.
  cascade(record, records) {
    const own = mustText(record.outputs, "primaryNetworkInterfaceId");
    return records.find(EC2.networkInterface, own) === undefined
      ? records.where(EC2.eipAssociation, "networkInterfaceId", own).map(({ id }) => id)
      : [];
  },
  read(record, records, backend): PropertyMap {
    const elastic = elasticAddress(record, records);
    const address = { ...interfaceOutputs(record, records), ...elastic };
    if (record.outputs["instanceState"] === "pending") return address;
    if (backend.nodeState(record.id) !== "running") {
      // The address that it was given at launch is the account's again, and the provider reads the input from that.
      const released = { associatePublicIpAddress: false, publicIp: "", publicDns: "" };
      return { ...released, ...address, instanceState: "stopped" };
    }
    const publicIp = elastic["publicIp"] ?? record.outputs["publicIp"];
    return { ...address, associatePublicIpAddress: publicIp !== "", instanceState: "running" };
  },
  effects: nodeEffects(),
};

/**
 * An instance that is stopped and started is given another public address (EC2 User Guide, "Amazon EC2 instance IP
 * addressing").
 */
function addressAfterRestart(record: ResourceRecord, given: PropertyMap, records: Records): PropertyMap {
  if (textOf(record.outputs, "publicIp") === undefined || !restarts(propertyMap(record.outputs), given)) return {};
  const publicIp = choosePublicAddress(records.account);
  return {
    publicIp,
    ...(textOf(record.outputs, "publicDns") !== undefined && { publicDns: publicDnsOf(publicIp, records.region) }),
  };
}

/** An Elastic IP address takes the place of the one that the instance was given at launch. */
function elasticAddress({ outputs }: ResourceRecord, records: Records): PropertyMap {
  const association = associationOf(records, {
    networkInterfaceId: mustText(outputs, "primaryNetworkInterfaceId"),
    privateIp: mustText(outputs, "privateIp"),
  });
  if (association === undefined) return {};
  const publicIp = mustText(association.outputs, "publicIp");
  const vpc = findVpc(records, mustText(findSubnet(records, mustText(outputs, "subnetId")).outputs, "vpcId"));
  return {
    publicIp,
    publicDns: vpc.outputs["enableDnsHostnames"] === true ? publicDnsOf(publicIp, records.region) : "",
  };
}

/**
 * What the instance has of a primary network interface of its own. The check is left to the interface: the provider
 * shows no difference of it then.
 */
function interfaceOutputs(record: ResourceRecord, records: Records): PropertyMap {
  const primary = records.find(EC2.networkInterface, mustText(record.outputs, "primaryNetworkInterfaceId"));
  if (primary === undefined) return {};
  const [privateIp = "", ...secondaryPrivateIps] = findInterface(records, primary.id).privateIps;
  return { privateIp, secondaryPrivateIps, vpcSecurityGroupIds: textsOf(primary.outputs, "securityGroups") };
}

/** Inputs that are a network interface's own matter, in Terraform's spelling. */
const OF_INTERFACES = {
  associatePublicIpAddress: "associate_public_ip_address",
  privateIp: "private_ip",
  secondaryPrivateIps: "secondary_private_ips",
  securityGroups: "security_groups",
  subnetId: "subnet_id",
  vpcSecurityGroupIds: "vpc_security_group_ids",
} as const;

function shutdownProblem(value: unknown, name: string): string | undefined {
  if (value === "terminate")
    return "the lab does not model instance_initiated_shutdown_behavior terminate: a node that shuts down is stopped";
  return value === "stop" ? undefined : `expected ${name} to be one of ["stop" "terminate"], got ${String(value)}`;
}

// The provider quotes user data here; it may hold keys, so the lab does not.
function userDataProblem(value: unknown, name: string): string | undefined {
  const { length } = String(value);
  return length > MOST_USER_DATA
    ? `expected length of ${name} to be in the range (0 - ${MOST_USER_DATA}), got ${length} characters`
    : undefined;
}

function base64Problem(value: unknown, name: string): string | undefined {
  const text = String(value);
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text) ? undefined : `"${name}" must be base64-encoded`;
}

function checkInstance(given: PropertyMap): InputFailure[] {
  const failures: InputFailure[] = [];
  for (const [input, name] of [
    ["ami", "ami"],
    ["instanceType", "instance_type"],
  ] as const) {
    if (given[input] === undefined)
      failures.push({
        path: input,
        reason: `Missing required argument. "${name}": one of \`${name},launch_template\` must be specified`,
      });
  }
  for (const [interfaces, name] of [
    ["networkInterfaces", "network_interface"],
    ["primaryNetworkInterface", "primary_network_interface"],
  ] as const) {
    if (given[interfaces] === undefined) continue;
    const conflicting = Object.entries(OF_INTERFACES).filter(([input]) => given[input] !== undefined);
    for (const [, other] of conflicting)
      failures.push({
        path: interfaces,
        reason: `Conflicting configuration arguments. "${name}": conflicts with ${other}`,
      });
  }
  if (given["networkInterfaces"] !== undefined && given["primaryNetworkInterface"] !== undefined)
    failures.push({
      path: "networkInterfaces",
      reason: `Conflicting configuration arguments. "network_interface": conflicts with primary_network_interface`,
    });
  if (given["userData"] !== undefined && given["userDataBase64"] !== undefined) {
    failures.push({
      path: "userData",
      reason: `Conflicting configuration arguments. "user_data": conflicts with user_data_base64`,
    });
    failures.push({
      path: "userDataBase64",
      reason: `Conflicting configuration arguments. "user_data_base64": conflicts with user_data`,
    });
  }
  return failures;
}
