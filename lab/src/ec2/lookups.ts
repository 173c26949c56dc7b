import { sizeOf } from "../cloud/cidr";
import { derivedId } from "./engine/ids";
import type { Input } from "./engine/input";
import { RESERVED_ADDRESSES, addressesInUse } from "./types/ip-address";
import { isMap, propertyMap, type PropertyMap, propertyValue, type PropertyValue } from "../../../wire/property-value";
import { mapsOf, mustText, textOf, textsOf } from "./engine/fields";
import type { Records } from "./engine/records";
import { ACCOUNT_ID } from "./engine/regions";
import type { ResourceRecord } from "../state/record";
import { fullRoute } from "./types/route-table";
import { subnetCidr } from "./types/subnet";
import { EC2 } from "../cloud/tokens";

/** A function that finds what is there: `aws.ec2.getVpc`, `aws.ec2.getVpcs`. */
export interface Lookup {
  readonly args: Readonly<Record<string, Input["lab"]>>;
  find(args: PropertyMap, records: Records): PropertyMap;
}

/** What of a resource type can be found by what. */
interface Findable {
  readonly type: string;
  /** What the provider calls one. */
  readonly title: string;
  attributes(record: ResourceRecord, records: Records): Attributes;
}

/** By the names of the API's filters; of several values one has to match. */
export type Attributes = Readonly<Record<string, string | readonly string[]>>;

const vpcs: Findable = {
  type: EC2.vpc,
  title: "EC2 VPC",
  attributes: ({ id, outputs }) => ({
    cidr: String(outputs["cidrBlock"]),
    "cidr-block-association.cidr-block": String(outputs["cidrBlock"]),
    "dhcp-options-id": String(outputs["dhcpOptionsId"]),
    "is-default": "false",
    isDefault: "false",
    "owner-id": ACCOUNT_ID,
    state: "available",
    "vpc-id": id,
  }),
};

const subnets: Findable = {
  type: EC2.subnet,
  title: "EC2 Subnet",
  attributes: ({ id, outputs }) => ({
    "availability-zone": String(outputs["availabilityZone"]),
    "availability-zone-id": String(outputs["availabilityZoneId"]),
    cidr: String(outputs["cidrBlock"]),
    "cidr-block": String(outputs["cidrBlock"]),
    "default-for-az": "false",
    "map-public-ip-on-launch": String(outputs["mapPublicIpOnLaunch"]),
    "owner-id": ACCOUNT_ID,
    state: "available",
    "subnet-id": id,
    "vpc-id": String(outputs["vpcId"]),
  }),
};

const securityGroups: Findable = {
  type: EC2.securityGroup,
  title: "EC2 Security Group",
  attributes: ({ id, outputs }) => ({
    description: String(outputs["description"]),
    "group-id": id,
    "group-name": String(outputs["name"]),
    "owner-id": ACCOUNT_ID,
    "vpc-id": String(outputs["vpcId"]),
  }),
};

const internetGateways: Findable = {
  type: EC2.internetGateway,
  title: "EC2 Internet Gateway",
  attributes: ({ id, outputs }) => ({
    "attachment.state": textOf(outputs, "vpcId") === undefined ? "" : "available",
    "attachment.vpc-id": textOf(outputs, "vpcId") ?? "",
    "internet-gateway-id": id,
    "owner-id": ACCOUNT_ID,
  }),
};

const routeTables: Findable = {
  type: EC2.routeTable,
  title: "EC2 Route Table",
  attributes(record, records) {
    const associations = associationsOf(record, records);
    return {
      "association.main": associations.map(({ main }) => String(main)),
      "association.route-table-association-id": associations.map(
        ({ routeTableAssociationId }) => routeTableAssociationId,
      ),
      "association.subnet-id": associations.map(({ subnetId }) => subnetId),
      "owner-id": ACCOUNT_ID,
      "route-table-id": record.id,
      "vpc-id": String(record.outputs["vpcId"]),
    };
  },
};

interface RouteTableAssociation {
  readonly gatewayId: string;
  readonly main: boolean;
  readonly routeTableAssociationId: string;
  readonly routeTableId: string;
  readonly subnetId: string;
}

/** As DescribeRouteTables shows them: the main one has no subnet. */
function associationsOf({ id, outputs }: ResourceRecord, records: Records): RouteTableAssociation[] {
  const isMain = records.find(EC2.vpc, String(outputs["vpcId"]))?.outputs["mainRouteTableId"] === id;
  const explicit = records
    .where(EC2.routeTableAssociation, "routeTableId", id)
    .map((one) => ({ main: false, routeTableAssociationId: one.id, subnetId: String(one.outputs["subnetId"]) }));
  return [
    ...(isMain ? [{ main: true, routeTableAssociationId: derivedId("rtbassoc", id, "main"), subnetId: "" }] : []),
    ...explicit,
  ].map((one) => ({ gatewayId: "", routeTableId: id, ...one }));
}

const keyPairs: Findable = {
  type: EC2.keyPair,
  title: "EC2 Key Pair",
  attributes: ({ outputs }) => ({
    fingerprint: String(outputs["fingerprint"]),
    "key-name": String(outputs["keyName"]),
    "key-pair-id": String(outputs["keyPairId"]),
  }),
};

const instances: Findable = {
  type: EC2.instance,
  title: "EC2 Instance",
  attributes: ({ id, outputs }, records) => ({
    "availability-zone": String(outputs["availabilityZone"]),
    "image-id": String(outputs["ami"]),
    "instance-id": id,
    "instance-state-name": String(outputs["instanceState"]),
    "instance-type": String(outputs["instanceType"]),
    "ip-address": textOf(outputs, "publicIp") ?? "",
    "key-name": textOf(outputs, "keyName") ?? "",
    "private-ip-address": String(outputs["privateIp"]),
    "subnet-id": String(outputs["subnetId"]),
    "vpc-id": String(records.find(EC2.subnet, String(outputs["subnetId"]))?.outputs["vpcId"]),
  }),
};

/** The functions that find, by token. */
export const lookups: ReadonlyMap<string, Lookup> = new Map<string, Lookup>([
  [
    "aws:ec2/getVpc:getVpc",
    one(
      vpcs,
      { cidrBlock: "cidr", default: "is-default", dhcpOptionsId: "dhcp-options-id", id: "vpc-id", state: "state" },
      ({ id, outputs }) => ({
        ...some(outputs, [
          "arn",
          "cidrBlock",
          "dhcpOptionsId",
          "enableDnsHostnames",
          "enableDnsSupport",
          "enableNetworkAddressUsageMetrics",
          "instanceTenancy",
          "mainRouteTableId",
          "ownerId",
        ]),
        cidrBlockAssociations: [
          {
            associationId: `vpc-cidr-assoc-${id.slice(4)}`,
            cidrBlock: mustText(outputs, "cidrBlock"),
            state: "associated",
          },
        ],
        default: false,
        ipv6AssociationId: "",
        ipv6CidrBlock: "",
        ipv6CidrBlockAssociations: [],
        state: "available",
      }),
    ),
  ],
  ["aws:ec2/getVpcs:getVpcs", many(vpcs)],
  [
    "aws:ec2/getSubnet:getSubnet",
    one(
      subnets,
      {
        availabilityZone: "availability-zone",
        availabilityZoneId: "availability-zone-id",
        cidrBlock: "cidr-block",
        defaultForAz: "default-for-az",
        id: "subnet-id",
        state: "state",
        vpcId: "vpc-id",
      },
      (record, records) => ({
        ...propertyMap(record.outputs),
        availableIpAddressCount: freeAddresses(record, records),
        defaultForAz: false,
        state: "available",
      }),
      { ipv6CidrBlock: { refused: "its networks are IPv4 only" } },
    ),
  ],
  ["aws:ec2/getSubnets:getSubnets", many(subnets)],
  [
    "aws:ec2/getSecurityGroup:getSecurityGroup",
    one(securityGroups, { id: "group-id", name: "group-name", vpcId: "vpc-id" }, ({ outputs }) =>
      some(outputs, ["arn", "description", "name", "vpcId"]),
    ),
  ],
  [
    "aws:ec2/getSecurityGroups:getSecurityGroups",
    many(securityGroups, {}, (found) => ({
      arns: found.map(({ outputs }) => mustText(outputs, "arn")),
      vpcIds: found.map(({ outputs }) => mustText(outputs, "vpcId")),
    })),
  ],
  [
    "aws:ec2/getInternetGateway:getInternetGateway",
    one(internetGateways, { internetGatewayId: "internet-gateway-id" }, ({ id, outputs }) => {
      const vpcId = textOf(outputs, "vpcId");
      return {
        ...some(outputs, ["arn", "ownerId"]),
        internetGatewayId: id,
        attachments: vpcId === undefined ? [] : [{ state: "available", vpcId }],
      };
    }),
  ],
  [
    "aws:ec2/getRouteTable:getRouteTable",
    one(
      routeTables,
      { routeTableId: "route-table-id", subnetId: "association.subnet-id", vpcId: "vpc-id" },
      (record, records) => ({
        ...some(record.outputs, ["arn", "ownerId", "vpcId"]),
        associations: propertyValue(associationsOf(record, records)),
        routeTableId: record.id,
        routes: records
          .where(EC2.route, "routeTableId", record.id)
          .map(({ outputs }) =>
            fullRoute({ ...propertyMap(outputs), cidrBlock: mustText(outputs, "destinationCidrBlock") }),
          ),
      }),
      { gatewayId: { refused: "its gateways have no route tables" } },
    ),
  ],
  ["aws:ec2/getRouteTables:getRouteTables", many(routeTables, { vpcId: "vpc-id" })],
  [
    "aws:ec2/getKeyPair:getKeyPair",
    one(
      keyPairs,
      { keyName: "key-name", keyPairId: "key-pair-id" },
      ({ outputs, created }, _records, args) => ({
        ...some(outputs, ["arn", "fingerprint", "keyName", "keyPairId", "keyType"]),
        createTime: new Date(created).toISOString(),
        id: mustText(outputs, "keyPairId"),
        publicKey: args["includePublicKey"] === true ? mustText(outputs, "publicKey") : "",
      }),
      { includePublicKey: "enforced" },
    ),
  ],
  [
    "aws:ec2/getInstances:getInstances",
    {
      args: { filters: "enforced", instanceStateNames: "enforced", instanceTags: "enforced", region: "enforced" },
      find: findInstances,
    },
  ],
]);

/**
 * A function that finds one, or says that there is none or that there are several.
 *
 * @param args the filter that each argument stands for
 */
function one(
  findable: Findable,
  args: Readonly<Record<string, string>>,
  result: (record: ResourceRecord, records: Records, args: PropertyMap) => PropertyMap,
  more: Lookup["args"] = {},
): Lookup {
  return {
    args: {
      ...Object.fromEntries(Object.keys(args).map((name) => [name, "enforced" as const])),
      filters: "enforced",
      region: "enforced",
      tags: "enforced",
      ...more,
    },
    find(given, records) {
      const found = findAll(
        findable,
        [...filtersFor(args, given), ...mapsOf(given, "filters")],
        given["tags"],
        records,
      );
      const [record, another] = found;
      if (record === undefined) throw new Error(`no matching ${findable.title} found`);
      if (another !== undefined)
        throw new Error(
          `multiple ${findable.title}s matched; use additional constraints to reduce matches to a single ${findable.title}`,
        );
      return {
        ...given,
        id: record.id,
        region: records.region,
        tags: tagsOf(record),
        ...result(record, records, given),
      };
    },
  };
}

/** A function that finds all that match, also none. */
function many(
  findable: Findable,
  args: Readonly<Record<string, string>> = {},
  more: (found: readonly ResourceRecord[]) => PropertyMap = () => ({}),
): Lookup {
  return {
    args: {
      ...Object.fromEntries(Object.keys(args).map((name) => [name, "enforced" as const])),
      filters: "enforced",
      region: "enforced",
      tags: "enforced",
    },
    find(given, records) {
      const found = findAll(
        findable,
        [...filtersFor(args, given), ...mapsOf(given, "filters")],
        given["tags"],
        records,
      );
      return { ...given, id: records.region, ids: found.map(({ id }) => id), region: records.region, ...more(found) };
    },
  };
}

/** The filters that the arguments stand for. */
function filtersFor(args: Readonly<Record<string, string>>, given: PropertyMap): PropertyMap[] {
  return Object.entries(args).flatMap(([name, filter]) => {
    const value = given[name];
    return value === undefined || value === null || value === "" || value === false
      ? []
      : [{ name: filter, values: [String(value)] }];
  });
}

function findInstances(given: PropertyMap, records: Records): PropertyMap {
  const states = textsOf(given, "instanceStateNames");
  const state = { name: "instance-state-name", values: states.length > 0 ? states : ["running"] };
  const found = findAll(instances, [state, ...mapsOf(given, "filters")], given["instanceTags"], records);
  const addresses = (output: string): string[] => found.flatMap(({ outputs }) => textOf(outputs, output) ?? []);
  return {
    ...given,
    id: records.region,
    ids: found.map(({ id }) => id),
    ipv6Addresses: [],
    privateIps: addresses("privateIp"),
    publicIps: addresses("publicIp"),
    region: records.region,
  };
}

function findAll(
  findable: Findable,
  filters: readonly PropertyMap[],
  tags: unknown,
  records: Records,
): ResourceRecord[] {
  const wanted = isMap(tags) ? Object.entries(tags) : [];
  return [...records.ofType(findable.type)]
    .filter((record) => {
      const own = tagsOf(record);
      return (
        wanted.every(([key, value]) => own[key] === value) &&
        filters.every((filter) =>
          matches({ ...findable.attributes(record, records), ...tagAttributes(filter, own) }, filter),
        )
      );
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The filters `tag:<key>` and `tag-key`, which every resource knows: what it has not is like nothing. */
function tagAttributes(filter: PropertyMap, tags: PropertyMap): Readonly<Record<string, string>> {
  const name = textOf(filter, "name") ?? "";
  if (name.startsWith("tag:")) {
    const value = tags[name.slice(4)];
    return { [name]: typeof value === "string" ? value : "\0" };
  }
  if (name !== "tag-key") return {};
  return {
    [name]:
      Object.keys(tags).find((key) => textsOf(filter, "values").some((value) => matchesPattern(key, value))) ?? "\0",
  };
}

function tagsOf({ outputs }: ResourceRecord): PropertyMap {
  const { tagsAll } = outputs;
  return isMap(tagsAll) ? tagsAll : {};
}

/** A filter of the EC2 API: one of its values, with `*` and `?`, has to match. */
export function matches(attributes: Attributes, filter: PropertyMap): boolean {
  const name = textOf(filter, "name") ?? "";
  const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (attribute === undefined)
    throw new Error(
      `InvalidParameterValue: the lab does not know the filter '${name}'. It knows ${Object.keys(attributes).join(", ")}`,
    );
  return textsOf(filter, "values").some((value) => [attribute].flat().some((one) => matchesPattern(one, value)));
}

function matchesPattern(text: string, value: string): boolean {
  const pattern = value
    .replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&")
    .replaceAll(/\*+/g, ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${pattern}$`, "su").test(text);
}

function some(outputs: Readonly<Record<string, unknown>>, names: readonly string[]): PropertyMap {
  return propertyMap(Object.fromEntries(names.map((name) => [name, outputs[name] ?? ""])));
}

function freeAddresses(subnet: ResourceRecord, records: Records): PropertyValue {
  return sizeOf(subnetCidr(subnet)) - RESERVED_ADDRESSES - addressesInUse(records, subnet.id).size;
}
