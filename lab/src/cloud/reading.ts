import type { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";

/** How a part of the cloud is read of the records: what is wrong is noted, and left out of the result. */
export interface Reading {
  /** The records of a type. What nobody takes is of a type that the fabric does not know. */
  take(type: string): readonly ResourceRecord[];
  /** An output that has to be there; empty when it is not. */
  string(record: ResourceRecord, key: string): string;
  cidr(record: ResourceRecord, key: string): IPv4CidrRange | undefined;
  /** Whether an id is spelled as AWS spells ids: they become names of namespaces, devices and nft sets. */
  isId(record: ResourceRecord, id?: string): boolean;
  problem(record: ResourceRecord, what: string): undefined;
}
