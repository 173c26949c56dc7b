import type { ResourceRecord } from "../state/record";
import { formatCidr } from "./cidr";
import type { Cloud } from "./cloud";
import type { Instance } from "./network-interface";

/** What the metadata service of an instance's network interface answers with, and to whom. */
export interface InstanceMetadata {
  readonly networkInterfaceId: string;
  readonly vpcId: string;
  readonly httpEndpoint: "enabled" | "disabled";
  /** `required`: IMDSv2 alone, every request needs a token. */
  readonly httpTokens: "optional" | "required";
  /** TTL of the packets that a token comes in: 1 does not get past the instance itself. */
  readonly hopLimit: number;
  /** Contents by path, `/latest/meta-data/instance-id`; a path that ends in `/` is a list of what is below it. */
  readonly documents: ReadonlyMap<string, Buffer>;
}

/**
 * The instance metadata of all instances (EC2 User Guide, "Instance metadata categories", "Configure the instance
 * metadata service"). User data is in it, and with it maybe a host key: it is for its own instance alone.
 */
export function instanceMetadata(records: readonly ResourceRecord[], cloud: Cloud): InstanceMetadata[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  return cloud.instances.flatMap((instance) => {
    const record = byId.get(instance.id);
    if (record === undefined) return [];
    const options = object(record.outputs["metadataOptions"]);
    const { httpPutResponseHopLimit: hops } = options;
    return [
      {
        networkInterfaceId: instance.networkInterfaceId,
        vpcId: instance.subnet.vpcId,
        httpEndpoint: options["httpEndpoint"] === "disabled" ? ("disabled" as const) : ("enabled" as const),
        httpTokens: options["httpTokens"] === "required" ? ("required" as const) : ("optional" as const),
        hopLimit: typeof hops === "number" && hops >= 1 && hops <= 64 ? hops : 1,
        documents: listed(documents(instance, record, byId, cloud, options["instanceMetadataTags"] === "enabled")),
      },
    ];
  });
}

function documents(
  instance: Instance,
  { id, outputs, internal }: ResourceRecord,
  byId: ReadonlyMap<string, ResourceRecord>,
  cloud: Cloud,
  withTags: boolean,
): Map<string, Buffer> {
  const { subnet, mac, privateIp, secondaryPrivateIps, publicIp, networkInterfaceId, securityGroupIds } = instance;
  const text = (key: string): string | undefined =>
    typeof outputs[key] === "string" && outputs[key] !== "" ? outputs[key] : undefined;
  const zone = byId.get(subnet.id)?.outputs ?? {};
  const hostname = text("privateDns") ?? `ip-${privateIp.replaceAll(".", "-")}.ec2.internal`;
  const groups = securityGroupIds.map((group) => String(byId.get(group)?.outputs["name"] ?? group)).join("\n");
  const vpc = cloud.vpcs.get(subnet.vpcId);
  const region = text("region") ?? "us-east-1";
  const account = /^arn:aws:ec2:[^:]*:(\d{12}):/.exec(text("arn") ?? "")?.[1] ?? "000000000000";
  const publicHostname = text("publicDns");
  const card: Record<string, string | undefined> = {
    "device-number": "0",
    "interface-id": networkInterfaceId,
    [`ipv4-associations/${publicIp}`]: publicIp === undefined ? undefined : privateIp,
    "local-hostname": hostname,
    "local-ipv4s": [privateIp, ...secondaryPrivateIps].join("\n"),
    mac,
    "owner-id": account,
    "public-hostname": publicHostname,
    "public-ipv4s": publicIp,
    "security-group-ids": securityGroupIds.join("\n"),
    "security-groups": groups,
    "subnet-id": subnet.id,
    "subnet-ipv4-cidr-block": formatCidr(subnet.cidr),
    "vpc-id": subnet.vpcId,
    "vpc-ipv4-cidr-block": vpc && formatCidr(vpc.cidr),
    "vpc-ipv4-cidr-blocks": vpc && formatCidr(vpc.cidr),
  };
  const publicKey = typeof internal["publicKey"] === "string" ? internal["publicKey"] : undefined;
  const keyName = text("keyName");
  const meta: Record<string, string | undefined> = {
    "ami-id": text("ami"),
    "ami-launch-index": "0",
    hostname,
    "instance-action": "none",
    "instance-id": id,
    "instance-life-cycle": "on-demand",
    "instance-type": text("instanceType"),
    "local-hostname": hostname,
    "local-ipv4": privateIp,
    mac,
    ...under(`network/interfaces/macs/${mac}/`, card),
    "placement/availability-zone": zoneText(zone, "availabilityZone"),
    "placement/availability-zone-id": zoneText(zone, "availabilityZoneId"),
    "placement/region": region,
    "public-hostname": publicHostname,
    "public-ipv4": publicIp,
    "public-keys/0/openssh-key": keyName === undefined ? undefined : publicKey,
    "security-groups": groups,
    "services/domain": "amazonaws.com",
    "services/partition": "aws",
    ...(withTags ? under("tags/instance/", tags(outputs["tagsAll"] ?? outputs["tags"])) : {}),
  };
  const identity = {
    accountId: account,
    architecture: "x86_64",
    availabilityZone: zoneText(zone, "availabilityZone"),
    imageId: text("ami"),
    instanceId: id,
    instanceType: text("instanceType"),
    privateIp,
    region,
    version: "2017-09-30",
  };
  const userData =
    text("userData") === undefined ? decoded(text("userDataBase64")) : Buffer.from(text("userData") ?? "", "utf8");
  const all: [string, Buffer | undefined][] = [
    ...Object.entries(under("/latest/meta-data/", meta)).map(([path, value]): [string, Buffer | undefined] => [
      path,
      value === undefined ? undefined : Buffer.from(value, "utf8"),
    ]),
    ["/latest/dynamic/instance-identity/document", Buffer.from(JSON.stringify(identity, null, 2), "utf8")],
    ["/latest/user-data", userData],
    // A key is listed with its name.
    [
      "/latest/meta-data/public-keys/",
      keyName === undefined || publicKey === undefined ? undefined : Buffer.from(`0=${keyName}`, "utf8"),
    ],
  ];
  return new Map(
    all.flatMap(([path, content]): [string, Buffer][] => (content === undefined ? [] : [[path, content]])),
  );
}

/** With a list for every folder, as the service gives it: a name a line, `/` after those of folders. */
function listed(documents: ReadonlyMap<string, Buffer>): Map<string, Buffer> {
  const folders = new Map<string, Set<string>>();
  for (const path of documents.keys()) {
    const names = path.split("/").slice(1);
    names.forEach((name, i) => {
      if (name === "") return;
      const folder = `/${names
        .slice(0, i)
        .map((each) => `${each}/`)
        .join("")}`;
      folders.set(folder, (folders.get(folder) ?? new Set()).add(i < names.length - 1 ? `${name}/` : name));
    });
  }
  // Those at the top are shown without.
  const lists = [...folders].map(([folder, names]): [string, Buffer] => {
    const shown = /^\/(latest\/)?$/.test(folder) ? [...names].map((name) => name.replace("/", "")) : [...names];
    return [folder, Buffer.from(shown.sort().join("\n"), "utf8")];
  });
  return new Map([...lists, ...documents]);
}

function under(
  folder: string,
  values: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(values).map(([path, value]) => [folder + path, value]));
}

/**
 * Tags whose keys can be paths; EC2 refuses others where tags are in the metadata (EC2 User Guide, "View tags … using
 * instance metadata").
 */
function tags(value: unknown): Record<string, string> {
  const isPath = (key: string): boolean => /^[A-Za-z0-9+\-=.,_:@]+$/.test(key) && ![".", "..", "_index"].includes(key);
  return Object.fromEntries(
    Object.entries(object(value)).flatMap(([key, tag]): [string, string][] =>
      isPath(key) ? [[key, String(tag)]] : [],
    ),
  );
}

function zoneText(outputs: Readonly<Record<string, unknown>>, key: string): string | undefined {
  return typeof outputs[key] === "string" ? outputs[key] : undefined;
}

function decoded(base64: string | undefined): Buffer | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, "base64");
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}
