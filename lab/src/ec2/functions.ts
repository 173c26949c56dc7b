import { type Image, imageParameter, imagesOf } from "./images";
import { isMap, mapsOf, type PropertyMap, textOf, textsOf } from "./property-value";
import { ACCOUNT_ID, findRegion, type Region } from "./regions";

/** A function of the aws package: what it is given, and in which region it is asked. */
export type AwsFunction = (args: PropertyMap, region: string) => PropertyMap;

/** The functions that the lab models, by token. */
export const functions: ReadonlyMap<string, AwsFunction> = new Map<string, AwsFunction>([
  ["aws:ec2/getAmi:getAmi", getAmi],
  ["aws:index/getAvailabilityZones:getAvailabilityZones", getAvailabilityZones],
  ["aws:index/getCallerIdentity:getCallerIdentity", getCallerIdentity],
  ["aws:index/getRegion:getRegion", getRegion],
  ["aws:ssm/getParameter:getParameter", getParameter],
]);

/** Refuses arguments that 7.48 does not have, or that the lab does not model. */
function refuseOthers(args: PropertyMap, known: readonly string[], refused: readonly string[] = []): void {
  for (const [name, value] of Object.entries(args)) {
    if (value === null || known.includes(name)) continue;
    throw new Error(refused.includes(name) ? `the lab does not model the argument ${name}` : `there is no argument ${name}`);
  }
}

function getAmi(args: PropertyMap, regionName: string): PropertyMap {
  refuseOthers(args, ["allowUnsafeFilter", "executableUsers", "filters", "includeDeprecated", "mostRecent", "nameRegex", "owners", "region", "tags"], ["uefiData"]);
  const region = textOf(args, "region") ?? regionName;
  const owners = textsOf(args, "owners");
  const nameRegex = textOf(args, "nameRegex");
  const pattern = nameRegex === undefined ? undefined : new RegExp(nameRegex);
  const hasTags = isMap(args["tags"]) && Object.keys(args["tags"]).length > 0;
  const all = imagesOf(findRegion(region).name);
  const found = all.filter((image) => {
    if (owners.length > 0 && !owners.includes(image.ownerId)) return false;
    if (pattern !== undefined && !pattern.test(image.name)) return false;
    return !hasTags && mapsOf(args, "filters").every((filter) => matches(imageAttributes(image), filter));
  });
  const image = found.at(-1);
  if (image === undefined) {
    throw new Error(`Your query returned no results. Please change your search criteria and try again. (In ${region} the lab has ${all.map(({ name, ownerId }) => `${name} of owner ${ownerId}`).join(", ")}.)`);
  }
  if (found.length > 1 && args["mostRecent"] !== true) {
    throw new Error("Your query returned more than one result. Please try a more specific search criteria, or set `most_recent` attribute to true.");
  }
  return {
    ...args,
    architecture: image.architecture,
    arn: `arn:aws:ec2:${region}::image/${image.id}`,
    blockDeviceMappings: [
      { deviceName: "/dev/xvda", ebs: { delete_on_termination: "true", encrypted: "false", iops: "3000", snapshot_id: "", throughput: "125", volume_size: "8", volume_type: "gp3" }, noDevice: "", virtualName: "" },
    ],
    bootMode: "uefi-preferred",
    creationDate: image.creationDate,
    deprecationTime: "",
    description: image.description,
    enaSupport: true,
    hypervisor: "xen",
    id: image.id,
    imageId: image.id,
    imageLocation: `amazon/${image.name}`,
    imageOwnerAlias: "amazon",
    imageType: "machine",
    imdsSupport: "",
    kernelId: "",
    lastLaunchedTime: "",
    name: image.name,
    ownerId: image.ownerId,
    platform: "",
    platformDetails: "Linux/UNIX",
    productCodes: [],
    public: true,
    ramdiskId: "",
    region,
    rootDeviceName: "/dev/xvda",
    rootDeviceType: "ebs",
    rootSnapshotId: "",
    sriovNetSupport: "simple",
    state: "available",
    stateReason: { code: "UNSET", message: "UNSET" },
    tags: {},
    tpmSupport: "",
    usageOperation: "RunInstances",
    virtualizationType: "hvm",
  };
}

/** By the names of API_DescribeImages' filters. */
function imageAttributes(image: Image): Readonly<Record<string, string>> {
  return {
    architecture: image.architecture,
    "creation-date": image.creationDate,
    description: image.description,
    "ena-support": "true",
    hypervisor: "xen",
    "image-id": image.id,
    "image-type": "machine",
    "is-public": "true",
    name: image.name,
    "owner-alias": "amazon",
    "owner-id": image.ownerId,
    "root-device-name": "/dev/xvda",
    "root-device-type": "ebs",
    state: "available",
    "virtualization-type": "hvm",
  };
}

/** A filter of the EC2 API: one of its values, with `*` and `?`, has to match. */
function matches(attributes: Readonly<Record<string, string>>, filter: PropertyMap): boolean {
  const name = textOf(filter, "name") ?? "";
  const attribute = attributes[name];
  if (attribute === undefined) throw new Error(`InvalidParameterValue: the lab does not know the filter '${name}'. It knows ${Object.keys(attributes).join(", ")}`);
  return textsOf(filter, "values").some((value) => {
    const pattern = value.replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
    return new RegExp(`^${pattern}$`).test(attribute);
  });
}

function getAvailabilityZones(args: PropertyMap, regionName: string): PropertyMap {
  refuseOthers(args, ["allAvailabilityZones", "excludeNames", "excludeZoneIds", "filters", "region", "state"]);
  const region = findRegion(textOf(args, "region") ?? regionName);
  const state = textOf(args, "state");
  const excluded = [...textsOf(args, "excludeNames"), ...textsOf(args, "excludeZoneIds")];
  const zones = region.zones.filter((zone) => {
    const attributes = {
      "group-name": `${region.name}-zg-1`,
      "opt-in-status": "opt-in-not-required",
      "region-name": region.name,
      state: "available",
      "zone-id": zone.id,
      "zone-name": zone.name,
      "zone-type": "availability-zone",
    };
    if (state !== undefined && state !== "available") return false;
    return !excluded.includes(zone.name) && !excluded.includes(zone.id) && mapsOf(args, "filters").every((filter) => matches(attributes, filter));
  });
  return {
    ...args,
    groupNames: zones.length > 0 ? [`${region.name}-zg-1`] : [],
    id: region.name,
    names: zones.map(({ name }) => name),
    region: region.name,
    zoneIds: zones.map(({ id }) => id),
  };
}

function getCallerIdentity(args: PropertyMap): PropertyMap {
  refuseOthers(args, ["id"]);
  return { accountId: ACCOUNT_ID, arn: `arn:aws:iam::${ACCOUNT_ID}:root`, id: ACCOUNT_ID, userId: ACCOUNT_ID };
}

function getRegion(args: PropertyMap, regionName: string): PropertyMap {
  refuseOthers(args, ["endpoint", "id", "name", "region"]);
  const endpoint = textOf(args, "endpoint");
  const named = textOf(args, "region") ?? textOf(args, "name") ?? (endpoint === undefined ? regionName : (/^ec2\.([a-z0-9-]+)\.amazonaws\.com$/.exec(endpoint)?.[1] ?? endpoint));
  const region: Region = findRegion(named);
  return { description: region.description, endpoint: `ec2.${region.name}.amazonaws.com`, id: region.name, name: region.name, region: region.name };
}

function getParameter(args: PropertyMap, regionName: string): PropertyMap {
  refuseOthers(args, ["name", "region", "withDecryption"]);
  const region = findRegion(textOf(args, "region") ?? regionName).name;
  const name = textOf(args, "name") ?? "";
  const image = imageParameter(region, name);
  if (image === undefined) throw new Error(`describing SSM parameter (${name}): ParameterNotFound: the lab has the parameters /aws/service/debian/release/12/latest/amd64, …/13/latest/amd64 and the same of arm64`);
  return {
    arn: `arn:aws:ssm:${region}::parameter${name}`,
    id: name,
    insecureValue: image.id,
    name,
    region,
    type: "String",
    value: image.id,
    version: 1,
    withDecryption: args["withDecryption"] ?? true,
  };
}
