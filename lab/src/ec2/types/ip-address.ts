import type { IPv4CidrRange } from "ip-num";
import { isMap } from "../../../../wire/property-value";
import { addressAt, containsAddress, mustNetwork, sizeOf } from "../../cloud/cidr";
import { ApiError } from "../engine/api-error";
import { textOf, textsOf } from "../engine/fields";
import type { Records } from "../engine/records";
import { EC2 } from "../../cloud/tokens";
import { subnetCidr } from "./subnet";
import type { ResourceRecord } from "../../state/record";

/** The first four addresses of a subnet and its last one are AWS's (VPC User Guide, "Subnet sizing"). */
const RESERVED_AT_START = 4;
const RESERVED_AT_END = 1;
/** Addresses of a subnet that no network interface can have. */
export const RESERVED_ADDRESSES = RESERVED_AT_START + RESERVED_AT_END;

/**
 * Where an account's public addresses come from: RFC 5737, TEST-NET-3 and TEST-NET-2. No packet with them leaves the
 * lab.
 */
const PUBLIC_POOLS = ["203.0.113.0/24", "198.51.100.0/24"];
/** The end of the lab's internet that connections come from. */
const TAKEN_PUBLIC = new Set(["198.51.100.1"]);

/**
 * A private address for a network interface: the one wanted, or the subnet's lowest free one.
 *
 * @param besides addresses that are chosen already
 */
export function choosePrivateAddress(
  records: Records,
  subnet: ResourceRecord,
  wanted: string | undefined,
  besides: readonly string[] = [],
): string {
  const cidr = subnetCidr(subnet);
  const used = new Set([...addressesInUse(records, subnet.id), ...besides]);
  if (wanted !== undefined) {
    refusePrivateAddress(cidr, used, wanted);
    return wanted;
  }
  for (let index = RESERVED_AT_START; index < sizeOf(cidr) - RESERVED_AT_END; index++) {
    const address = addressAt(cidr, index);
    if (!used.has(address)) return address;
  }
  throw new ApiError(
    "InsufficientFreeAddressesInSubnet",
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}

/** Refuses addresses that a network interface in the subnet cannot have. */
export function refusePrivateAddress(cidr: IPv4CidrRange, used: ReadonlySet<string>, wanted: string): void {
  if (!containsAddress(cidr, wanted))
    throw new ApiError("InvalidParameterValue", `Address ${wanted} does not fall within the subnet's address range`);
  const ofAws = [...Array(RESERVED_AT_START).keys(), sizeOf(cidr) - RESERVED_AT_END];
  if (ofAws.some((index) => addressAt(cidr, index) === wanted))
    throw new ApiError("InvalidParameterValue", `Address ${wanted} is in subnet's reserved address range`);
  if (used.has(wanted)) throw new ApiError("InvalidIPAddress.InUse", `Address ${wanted} is in use.`);
}

/** The lowest free public address of the account, whatever the region. */
export function choosePublicAddress(all: readonly ResourceRecord[]): string {
  const used = new Set(
    all.filter(({ type }) => type === EC2.instance || type === EC2.eip).map(({ outputs }) => outputs["publicIp"]),
  );
  for (const pool of PUBLIC_POOLS) {
    const range = mustNetwork(pool);
    for (let index = 1; index < sizeOf(range) - 1; index++) {
      const text = addressAt(range, index);
      if (!used.has(text) && !TAKEN_PUBLIC.has(text)) return text;
    }
  }
  throw new ApiError(
    "AddressLimitExceeded",
    `The maximum number of addresses has been reached: the lab has those of ${PUBLIC_POOLS.join(" and ")}.`,
  );
}

/**
 * Private addresses of a subnet's network interfaces: of instances, NAT gateways and attachments of transit gateways,
 * and those of their own.
 */
export function addressesInUse(records: Records, subnetId: string): Set<string> {
  const holders = [EC2.instance, EC2.natGateway, EC2.networkInterface].flatMap((type) =>
    records.where(type, "subnetId", subnetId),
  );
  const attachments = records.ofType(EC2.transitAttachment).map(({ internal }) => internal["addresses"]);
  return new Set([
    ...holders.flatMap(({ outputs }) => [
      textOf(outputs, "privateIp") ?? "",
      ...textsOf(outputs, "secondaryPrivateIps"),
      ...textsOf(outputs, "privateIps"),
    ]),
    ...attachments.flatMap((addresses) => (isMap(addresses) ? (textOf(addresses, subnetId) ?? []) : [])),
  ]);
}
