import type { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";
import { parseCidr } from "./cidr";

/** Records on their way into the model: who reads one takes it, what is wrong is noted and left out of the result. */
export class Reading {
  /** What is wrong so far, a sentence each. */
  readonly problems: string[] = [];
  private readonly byType = new Map<string, ResourceRecord[]>();

  constructor(records: readonly ResourceRecord[]) {
    for (const record of records) {
      const same = this.byType.get(record.type);
      if (same) same.push(record);
      else this.byType.set(record.type, [record]);
    }
  }

  /** The records of a type, once. */
  take(type: string): readonly ResourceRecord[] {
    const records = this.byType.get(type) ?? [];
    this.byType.delete(type);
    return records;
  }

  /** What nobody took. */
  left(): readonly ResourceRecord[] {
    return [...this.byType.values()].flat();
  }

  /** An output that the record must have; empty when it is missing. */
  string(record: ResourceRecord, key: string): string {
    const value = record.outputs[key];
    if (typeof value === "string" && value !== "") return value;
    this.problem(record, `has no ${key}`);
    return "";
  }

  cidr(record: ResourceRecord, key: string): IPv4CidrRange | undefined {
    const text = this.string(record, key);
    return parseCidr(text) ?? this.problem(record, `has the ${key} "${text}", which is no IPv4 network`);
  }

  /** The record that an output names. */
  referenced(record: ResourceRecord, key: string, among: readonly ResourceRecord[]): ResourceRecord | undefined {
    const id = this.string(record, key);
    return among.find((other) => other.id === id) ?? this.problem(record, `names ${key} ${id}, which is not there`);
  }

  /** Whether an id is spelled as AWS spells ids: they become names of namespaces, devices and nft sets. */
  isId(record: ResourceRecord, id: string = record.id): boolean {
    if (/^[a-z]+-[a-z0-9-]{1,40}$/.test(id)) return true;
    this.problem(record, `has the id "${id}", which is not spelled as AWS spells ids`);
    return false;
  }

  problem(record: ResourceRecord, what: string): undefined {
    this.problems.push(`${record.id} (${record.type}) ${what}.`);
  }
}

/** Whether an output says something: neither nothing nor an empty string. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
