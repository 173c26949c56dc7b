import { type PropertyMap, isMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mapsOf, mustText, numberOf, textOf, textsOf } from "../engine/fields";
import { derivedId, macAddress } from "../engine/ids";
import { imagesOf } from "../engine/images";
import type { Records } from "../engine/records";
import { DEFAULT_REGION, ec2Arn } from "../engine/regions";
import type { CreateCall, Made } from "../engine/resource-type";
import { publicDnsOf } from "./elastic-ip";
import { attach, attachmentCompanion, findInterface, findOwnInterface } from "./interface-attachment";
import { addressesInUse, choosePrivateAddress, choosePublicAddress, refusePrivateAddress } from "./ip-address";
import { findKeyPair } from "./key-pair";
import { architectureOf, isBurstable, isInstanceType } from "./machine-type";
import { securityGroupsOf } from "./security-group";
import { findSubnet, subnetCidr } from "./subnet";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

/** EC2 User Guide, "Run commands when you launch an EC2 instance with user data input". */
export const MOST_USER_DATA = 16_384;

/** What is launched for an instance, refused where API_RunInstances refuses it. */
export function runInstance({ id, inputs: given, region, records }: CreateCall): Made {
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
export function filledBlocks(given: PropertyMap, record?: ResourceRecord): PropertyMap {
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

export function refuseImageAndType(given: PropertyMap, region: string): void {
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

export function refuseUserData(given: PropertyMap): void {
  const bytes =
    Buffer.byteLength(textOf(given, "userData") ?? "", "utf8") +
    Buffer.from(textOf(given, "userDataBase64") ?? "", "base64").length;
  if (bytes > MOST_USER_DATA)
    throw new ApiError("InvalidParameterValue", `User data is limited to ${MOST_USER_DATA} bytes`);
}

export function placeOf(
  records: Records,
  subnetId: string,
): { readonly subnet: ResourceRecord; readonly vpc: ResourceRecord } {
  const subnet = findSubnet(records, subnetId);
  return { subnet, vpc: findVpc(records, mustText(subnet.outputs, "vpcId")) };
}

/** The groups of the instance's network interface: those given, those that it has, or the VPC's default one. */
export function securityGroups(
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
