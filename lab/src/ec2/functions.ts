import { ProviderError } from "./engine/api-error";
import { type Image, imageParameter, imagesOf } from "./engine/images";
import type { Input } from "./engine/input";
import { lookups, matches } from "./lookups";
import { isMap, type PropertyMap } from "../../../wire/property-value";
import { mapsOf, textOf, textsOf } from "./engine/fields";
import type { Records } from "./engine/records";
import { ACCOUNT_ID, findRegion, type Region } from "./engine/regions";

/** A function of the aws package. */
export interface AwsFunction {
  /** Its arguments in 7.48 and what the lab does with each, as for {@link Input}. */
  readonly args: Readonly<Record<string, Input["lab"]>>;
  /**
   * @param region in which it is asked
   * @param records what is there in a region
   */
  invoke(args: PropertyMap, region: string, records: (region: string) => Records): PropertyMap;
}

/** The functions that the lab models, by token. */
export const functions: ReadonlyMap<string, AwsFunction> = new Map<string, AwsFunction>([
  [
    "aws:ec2/getAmi:getAmi",
    declared(
      {
        allowUnsafeFilter: "recorded",
        executableUsers: "enforced",
        filters: "enforced",
        includeDeprecated: "recorded",
        mostRecent: "enforced",
        nameRegex: "enforced",
        owners: "enforced",
        region: "enforced",
        tags: "enforced",
        uefiData: { refused: "its images have no UEFI variables" },
      },
      getAmi,
    ),
  ],
  [
    "aws:index/getAvailabilityZones:getAvailabilityZones",
    declared(
      {
        allAvailabilityZones: "recorded",
        excludeNames: "enforced",
        excludeZoneIds: "enforced",
        filters: "enforced",
        region: "enforced",
        state: "enforced",
      },
      getAvailabilityZones,
    ),
  ],
  ["aws:index/getCallerIdentity:getCallerIdentity", declared({ id: "recorded" }, getCallerIdentity)],
  [
    "aws:index/getRegion:getRegion",
    declared({ endpoint: "enforced", id: "recorded", name: "enforced", region: "enforced" }, getRegion),
  ],
  [
    "aws:ssm/getParameter:getParameter",
    declared({ name: "enforced", region: "enforced", withDecryption: "recorded" }, getParameter),
  ],
  ...[...lookups].map(([token, { args, find }]): [string, AwsFunction] => [
    token,
    declared(args, (given, region, records) =>
      find(given, records(findRegion(textOf(given, "region") ?? region).name)),
    ),
  ]),
]);

/** Refuses arguments that 7.48 does not have, or that the lab does not model. */
function declared(args: AwsFunction["args"], call: AwsFunction["invoke"]): AwsFunction {
  return {
    args,
    invoke(given, region, records) {
      for (const [name, value] of Object.entries(given)) {
        if (value === null) continue;
        const lab = Object.hasOwn(args, name) ? args[name] : undefined;
        if (lab === undefined) throw new Error(`there is no argument ${name}`);
        if (typeof lab === "object") throw new Error(`the lab does not model the argument ${name}: ${lab.refused}`);
      }
      return call(given, region, records);
    },
  };
}

function getAmi(args: PropertyMap, regionName: string): PropertyMap {
  const region = textOf(args, "region") ?? regionName;
  const owners = textsOf(args, "owners");
  // All images here are public, and nobody has been given one by name.
  const executableUsers = textsOf(args, "executableUsers");
  const nameRegex = textOf(args, "nameRegex");
  const pattern = nameRegex === undefined ? undefined : new RegExp(nameRegex);
  const hasTags = isMap(args["tags"]) && Object.keys(args["tags"]).length > 0;
  const all = imagesOf(findRegion(region).name);
  const found = all.filter((image) => {
    if (owners.length > 0 && !owners.includes(image.ownerId)) return false;
    if (executableUsers.length > 0 && !executableUsers.includes("all")) return false;
    if (pattern !== undefined && !pattern.test(image.name)) return false;
    return !hasTags && mapsOf(args, "filters").every((filter) => matches(imageAttributes(image), filter));
  });
  const image = found.at(-1);
  if (image === undefined) {
    throw new Error(
      `Your query returned no results. Please change your search criteria and try again. (In ${region} the lab has ${all.map(({ name, ownerId }) => `${name} of owner ${ownerId}`).join(", ")}.)`,
    );
  }
  if (found.length > 1 && args["mostRecent"] !== true) {
    throw new ProviderError(
      "Your query returned more than one result. Please try a more specific search criteria, or set `most_recent` attribute to true.",
    );
  }
  return {
    ...args,
    architecture: image.architecture,
    arn: `arn:aws:ec2:${region}::image/${image.id}`,
    blockDeviceMappings: [
      {
        deviceName: "/dev/xvda",
        ebs: {
          delete_on_termination: "true",
          encrypted: "false",
          iops: "3000",
          snapshot_id: "",
          throughput: "125",
          volume_size: "8",
          volume_type: "gp3",
        },
        noDevice: "",
        virtualName: "",
      },
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

function getAvailabilityZones(args: PropertyMap, regionName: string): PropertyMap {
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
    return (
      !excluded.includes(zone.name) &&
      !excluded.includes(zone.id) &&
      mapsOf(args, "filters").every((filter) => matches(attributes, filter))
    );
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

function getCallerIdentity(): PropertyMap {
  return { accountId: ACCOUNT_ID, arn: `arn:aws:iam::${ACCOUNT_ID}:root`, id: ACCOUNT_ID, userId: ACCOUNT_ID };
}

function getRegion(args: PropertyMap, regionName: string): PropertyMap {
  const endpoint = textOf(args, "endpoint");
  const named =
    textOf(args, "region") ??
    textOf(args, "name") ??
    (endpoint === undefined ? regionName : (/^ec2\.([a-z0-9-]+)\.amazonaws\.com$/.exec(endpoint)?.[1] ?? endpoint));
  const region: Region = findRegion(named);
  return {
    description: region.description,
    endpoint: `ec2.${region.name}.amazonaws.com`,
    id: region.name,
    name: region.name,
    region: region.name,
  };
}

function getParameter(args: PropertyMap, regionName: string): PropertyMap {
  const region = findRegion(textOf(args, "region") ?? regionName).name;
  const name = textOf(args, "name") ?? "";
  const image = imageParameter(region, name);
  if (image === undefined)
    throw new Error(
      `describing SSM parameter (${name}): ParameterNotFound: the lab has the parameters /aws/service/debian/release/12/latest/amd64, …/13/latest/amd64 and the same of arm64`,
    );
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
