import { isIPv4 } from "node:net";
import { type PropertyMap, isMap } from "../../../../wire/property-value";
import { prefixLength, routerAddress } from "../../cloud/cidr";
import { ApiError } from "../engine/api-error";
import type { Backend } from "../engine/backend";
import { mapsOf, mustText, numberOf, textOf, textsOf } from "../engine/fields";
import { derivedId, macAddress } from "../engine/ids";
import { imagesOf } from "../engine/images";
import { type Inputs, between, oneOf, refused, regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import { DEFAULT_REGION, ec2Arn } from "../engine/regions";
import type { CreateCall, Effects, InputFailure, Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";
import { associationOf, publicDnsOf } from "./elastic-ip";
import { attach, attachmentCompanion, attachmentsOf, findInterface, findOwnInterface } from "./interface-attachment";
import { addressesInUse, choosePrivateAddress, choosePublicAddress, refusePrivateAddress } from "./ip-address";
import { findKeyPair } from "./key-pair";
import { architectureOf, isBurstable, isInstanceType, nodeMemory } from "./machine-type";
import { securityGroupsOf } from "./security-group";
import { findSubnet, subnetCidr } from "./subnet";
import { findVpc } from "./vpc";
import { guestPortOf } from "../../fabric/names";
import { MAX_MTU, type NodeSpec } from "../../node/node-spec";
import type { ResourceRecord } from "../../state/record";

/** EC2 User Guide, "Run commands when you launch an EC2 instance with user data input". */
const MOST_USER_DATA = 16_384;

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
    return { outputs: { vpcSecurityGroupIds: groups, secondaryPrivateIps: secondary, ...filledBlocks(given, record) } };
  },
  refuseDelete(record) {
    if (record.outputs["disableApiTermination"] !== true || record.outputs["forceDestroy"] === true) return;
    throw new ApiError(
      "OperationNotPermitted",
      `The instance '${record.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
  },
  // The terminated instance's interfaces are free again, and so are the Elastic IP addresses of the one that goes with
  // it.
  cascade(record, records) {
    const own = mustText(record.outputs, "primaryNetworkInterfaceId");
    const addresses =
      records.find(EC2.networkInterface, own) === undefined
        ? records.where(EC2.eipAssociation, "networkInterfaceId", own)
        : [];
    return [...addresses, ...records.where(EC2.networkInterfaceAttachment, "instanceId", record.id)].map(
      ({ id }) => id,
    );
  },
  read(record, records, backend): PropertyMap {
    const address = { ...interfaceOutputs(record, records), ...elasticAddress(record, records) };
    if (record.outputs["instanceState"] === "pending") return address;
    const node = backend.nodeState(record.id);
    return { ...address, instanceState: node === "running" ? "running" : "stopped" };
  },
  effects: nodeEffects(),
};

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

function runInstance({ id, inputs: given, region, records }: CreateCall): Made {
  refuseImageAndType(given, region);
  refuseUserData(given);
  const launched = launchInterfaces(given);
  const first = launched.find(({ deviceIndex }) => deviceIndex === 0);
  const primary = first && findOwnInterface(records, first.networkInterfaceId);
  const subnetId = primary === undefined ? textOf(given, "subnetId") : mustText(primary.outputs, "subnetId");
  if (launched.length > 0 && primary === undefined)
    throw new ApiError("InvalidParameterCombination", "A network interface with device index 0 must be specified");
  if (subnetId === undefined)
    throw new ApiError(
      "VPCIdNotSpecified",
      "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
    );
  const { subnet, vpc } = placeOf(records, subnetId);
  const zone = mustText(subnet.outputs, "availabilityZone");
  const wantedZone = textOf(given, "availabilityZone");
  if (wantedZone !== undefined && wantedZone !== zone) {
    throw new ApiError(
      "InvalidParameterValue",
      `The availability zone '${wantedZone}' does not match the subnet '${subnet.id}', which is in ${zone}`,
    );
  }
  const keyName = textOf(given, "keyName");
  const publicKey = keyName === undefined ? null : mustText(findKeyPair(records, keyName).outputs, "publicKey");
  const groups =
    primary === undefined ? securityGroups(records, subnet, given) : textsOf(primary.outputs, "securityGroups");
  const privateIp =
    primary === undefined
      ? choosePrivateAddress(records, subnet, textOf(given, "privateIp"))
      : mustText(primary.outputs, "privateIp");
  const used = addressesInUse(records, subnet.id).add(privateIp);
  for (const address of textsOf(given, "secondaryPrivateIps")) refusePrivateAddress(subnetCidr(subnet), used, address);
  const attachments = launched.map(({ deviceIndex, networkInterfaceId }) => {
    const record = findOwnInterface(records, networkInterfaceId);
    return attachmentCompanion(
      attach(records, { id, zone }, { id: record.id, subnetId: mustText(record.outputs, "subnetId") }, deviceIndex),
    );
  });
  // A public address is given to the interface that is made with the instance.
  const wantsPublic =
    primary === undefined && (given["associatePublicIpAddress"] ?? subnet.outputs["mapPublicIpOnLaunch"] === true);
  const publicIp = wantsPublic === true ? choosePublicAddress(records.account) : "";
  const hostnameType = privateDnsOptions(given, subnet)["hostnameType"];
  const domain = region === DEFAULT_REGION ? "ec2.internal" : `${region}.compute.internal`;
  const named = publicIp !== "" && vpc.outputs["enableDnsHostnames"] === true;
  const networkInterface = primary?.id ?? derivedId("eni", id);
  const type = mustText(given, "instanceType");
  return {
    outputs: {
      arn: ec2Arn(region, `instance/${id}`),
      associatePublicIpAddress: publicIp !== "",
      availabilityZone: zone,
      instanceInitiatedShutdownBehavior: "stop",
      instanceLifecycle: "",
      // Until its node runs.
      instanceState: "pending",
      outpostArn: "",
      passwordData: "",
      primaryNetworkInterface: { deleteOnTermination: primary === undefined, networkInterfaceId: networkInterface },
      primaryNetworkInterfaceId: networkInterface,
      privateDns:
        hostnameType === "resource-name" ? `${id}.${domain}` : `ip-${privateIp.replaceAll(".", "-")}.${domain}`,
      privateIp,
      publicDns: named ? publicDnsOf(publicIp, region) : "",
      publicIp,
      ...(primary !== undefined && {
        secondaryPrivateIps: findInterface(records, primary.id).privateIps.slice(1),
        subnetId,
      }),
      spotInstanceRequestId: "",
      tenancy: textOf(given, "tenancy") ?? "default",
      vpcSecurityGroupIds: groups,
      capacityReservationSpecification: { capacityReservationPreference: "open" },
      creditSpecification: isMap(given["creditSpecification"])
        ? given["creditSpecification"]
        : isBurstable(type)
          ? { cpuCredits: type.startsWith("t2.") ? "standard" : "unlimited" }
          : null,
      enclaveOptions: { enabled: false },
      privateDnsNameOptions: privateDnsOptions(given, subnet),
      rootBlockDevice: {
        deviceName: "/dev/xvda",
        encrypted: false,
        iops: 3000,
        kmsKeyId: "",
        tags: {},
        tagsAll: {},
        throughput: 125,
        volumeId: derivedId("vol", id),
        volumeSize: 8,
        volumeType: "gp3",
        deleteOnTermination: true,
        ...withoutDefaults(given["rootBlockDevice"]),
      },
      ...filledBlocks(given),
    },
    // A key pair that is deleted is taken from no instance.
    internal: {
      mac: primary === undefined ? macAddress(networkInterface) : mustText(primary.outputs, "macAddress"),
      publicKey,
    },
    companions: attachments,
  };
}

/** Interfaces of their own that an instance is launched with. */
function launchInterfaces(given: PropertyMap): { readonly deviceIndex: number; readonly networkInterfaceId: string }[] {
  const primary = isMap(given["primaryNetworkInterface"])
    ? [{ deviceIndex: 0, networkInterfaceId: mustText(given["primaryNetworkInterface"], "networkInterfaceId") }]
    : [];
  return [
    ...primary,
    ...mapsOf(given, "networkInterfaces").map((each) => ({
      deviceIndex: numberOf(each, "deviceIndex") ?? 0,
      networkInterfaceId: mustText(each, "networkInterfaceId"),
    })),
  ];
}

/** Blocks of which AWS fills in what is not given; what it chose stays. */
function filledBlocks(given: PropertyMap, record?: ResourceRecord): PropertyMap {
  const former = (name: string): PropertyMap => withoutDefaults(record?.outputs[name]);
  return {
    maintenanceOptions: {
      autoRecovery: "default",
      ...former("maintenanceOptions"),
      ...withoutDefaults(given["maintenanceOptions"]),
    },
    metadataOptions: {
      httpEndpoint: "enabled",
      httpProtocolIpv6: "disabled",
      httpPutResponseHopLimit: 1,
      httpTokens: "optional",
      instanceMetadataTags: "disabled",
      ...former("metadataOptions"),
      ...withoutDefaults(given["metadataOptions"]),
    },
    ...(record === undefined
      ? {}
      : { rootBlockDevice: { ...former("rootBlockDevice"), ...withoutDefaults(given["rootBlockDevice"]) } }),
  };
}

function withoutDefaults(block: unknown): PropertyMap {
  return isMap(block) ? Object.fromEntries(Object.entries(block).filter(([key]) => key !== "__defaults")) : {};
}

function privateDnsOptions(given: PropertyMap, subnet: ResourceRecord): PropertyMap {
  return {
    enableResourceNameDnsARecord: subnet.outputs["enableResourceNameDnsARecordOnLaunch"] === true,
    enableResourceNameDnsAaaaRecord: false,
    hostnameType: textOf(subnet.outputs, "privateDnsHostnameTypeOnLaunch") ?? "ip-name",
    ...withoutDefaults(given["privateDnsNameOptions"]),
  };
}

function refuseImageAndType(given: PropertyMap, region: string): void {
  const ami = mustText(given, "ami");
  const type = mustText(given, "instanceType");
  if (!/^ami-[0-9a-f]{8,17}$/.test(ami))
    throw new ApiError("InvalidAMIID.Malformed", `Invalid id: "${ami}" (expecting "ami-...")`);
  const images = imagesOf(region);
  const image = images.find((candidate) => candidate.id === ami);
  if (image === undefined) {
    const known = images.map((candidate) => `${candidate.id} (${candidate.name})`).join(", ");
    throw new ApiError(
      "InvalidAMIID.NotFound",
      `The image id '[${ami}]' does not exist. In ${region} the lab has ${known}`,
    );
  }
  if (!isInstanceType(type)) throw new ApiError("InvalidParameterValue", `Invalid value '${type}' for InstanceType.`);
  if (architectureOf(type) !== image.architecture) {
    throw new ApiError(
      "InvalidParameterValue",
      `The architecture '${architectureOf(type)}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  }
}

function refuseUserData(given: PropertyMap): void {
  const bytes =
    Buffer.byteLength(textOf(given, "userData") ?? "", "utf8") +
    Buffer.from(textOf(given, "userDataBase64") ?? "", "base64").length;
  if (bytes > MOST_USER_DATA)
    throw new ApiError("InvalidParameterValue", `User data is limited to ${MOST_USER_DATA} bytes`);
}

function placeOf(
  records: Records,
  subnetId: string,
): { readonly subnet: ResourceRecord; readonly vpc: ResourceRecord } {
  const subnet = findSubnet(records, subnetId);
  return { subnet, vpc: findVpc(records, mustText(subnet.outputs, "vpcId")) };
}

/** The groups of the instance's network interface: those given, those that it has, or the VPC's default one. */
function securityGroups(
  records: Records,
  subnet: ResourceRecord,
  given: PropertyMap,
  record?: ResourceRecord,
): string[] {
  return securityGroupsOf(records, subnet, {
    wanted: textsOf(given, "vpcSecurityGroupIds"),
    had: textsOf(record?.outputs ?? {}, "vpcSecurityGroupIds"),
  });
}

/** The node that stands for an instance. */
export function nodeOf(backend: Backend, record: ResourceRecord, records: Records): NodeSpec {
  const { outputs } = record;
  const cidr = subnetCidr(findSubnet(records, mustText(outputs, "subnetId")));
  const address = mustText(outputs, "privateIp");
  const publicKey = textOf(record.internal, "publicKey");
  const userData = textOf(outputs, "userData");
  const interfaces = attachmentsOf(records, record.id).flatMap(({ deviceIndex, networkInterfaceId }) => {
    const mac = textOf(records.find(EC2.networkInterface, networkInterfaceId)?.outputs ?? {}, "macAddress");
    return deviceIndex === 0 || mac === undefined ? [] : [{ deviceIndex, port: guestPortOf(deviceIndex), mac }];
  });
  return {
    instanceId: record.id,
    ...backend.cardOf(record),
    mac: mustText(record.internal, "mac"),
    address,
    prefixLen: prefixLength(cidr),
    gateway: routerAddress(cidr),
    mtu: MAX_MTU,
    hostname: mustText(outputs, "privateDns").split(".")[0] ?? record.id,
    authorizedKeys: publicKey === undefined ? [] : [publicKey],
    userDataBase64:
      userData === undefined ? textOf(outputs, "userDataBase64") : Buffer.from(userData, "utf8").toString("base64"),
    ...(interfaces.length > 0 && { interfaces }),
    memoryMiB: nodeMemory(mustText(outputs, "instanceType")),
    suite: imagesOf(records.region).find(({ id }) => id === outputs["ami"])?.suite,
  };
}

function nodeEffects(): Effects {
  const start = async (backend: Backend, record: ResourceRecord, records: Records): Promise<PropertyMap> => {
    await backend.startNode(nodeOf(backend, record, records));
    return { instanceState: "running" };
  };
  return {
    created: start,
    async updated(backend, before, record, records) {
      // One whose start failed is started; one that somebody stopped stays as it is.
      if (record.outputs["instanceState"] === "pending") return start(backend, record, records);
      const restart = ["instanceType", "userData", "userDataBase64"].some(
        (name) => before.outputs[name] !== record.outputs[name],
      );
      if (!restart || backend.nodeState(record.id) !== "running") return {};
      // These change while an instance is stopped; the provider stops and starts it.
      await backend.stopNode(record.id);
      return start(backend, record, records);
    },
    deleting: (backend, record) => backend.destroyNode(record.id),
  };
}
