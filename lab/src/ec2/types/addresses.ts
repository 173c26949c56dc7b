import { ApiError } from "../engine/api-error";
import { type Cidr, formatAddress, parseAddress, mustCidr } from "../engine/cidr";
import { addressesInUse } from "./network-interfaces";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import { subnetCidr } from "./subnet";
import { EC2 } from "../engine/tokens";

/** The first four addresses of a subnet and its last one are AWS's (VPC User Guide, "Subnet sizing"). */
const RESERVED_AT_START = 4;

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
  for (let address = cidr.first + RESERVED_AT_START; address < cidr.last; address++) {
    if (!used.has(formatAddress(address))) return formatAddress(address);
  }
  throw new ApiError(
    "InsufficientFreeAddressesInSubnet",
    `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
  );
}

/** Refuses addresses that a network interface in the subnet cannot have. */
export function refusePrivateAddress(cidr: Cidr, used: ReadonlySet<string>, wanted: string): void {
  const address = parseAddress(wanted);
  if (address < cidr.first || address > cidr.last)
    throw new ApiError("InvalidParameterValue", `Address ${wanted} does not fall within the subnet's address range`);
  if (address < cidr.first + RESERVED_AT_START || address === cidr.last)
    throw new ApiError("InvalidParameterValue", `Address ${wanted} is in subnet's reserved address range`);
  if (used.has(wanted)) throw new ApiError("InvalidIPAddress.InUse", `Address ${wanted} is in use.`);
}

/** The lowest free public address of the account, whatever the region. */
export function choosePublicAddress(all: readonly ResourceRecord[]): string {
  const used = new Set(
    all.filter(({ type }) => type === EC2.instance || type === EC2.eip).map(({ outputs }) => outputs["publicIp"]),
  );
  for (const pool of PUBLIC_POOLS) {
    const { first, last } = mustCidr(pool);
    for (let address = first + 1; address < last; address++) {
      const text = formatAddress(address);
      if (!used.has(text) && !TAKEN_PUBLIC.has(text)) return text;
    }
  }
  throw new ApiError(
    "AddressLimitExceeded",
    `The maximum number of addresses has been reached: the lab has those of ${PUBLIC_POOLS.join(" and ")}.`,
  );
}
