import { namespaceOfId, namespacePrefix } from "../../fabric/names";
import type { Lab } from "../../state/paths";
import type { ResourceRecord } from "../../state/record";
import { nameOf } from "../find-node";
import { printable } from "../printable";
import type { Named } from "./lab-view";

/** A lab's records, as the views of each kind ask for them. */
export interface Reading {
  readonly lab: Lab;
  readonly records: readonly ResourceRecord[];
  of(type: string): readonly ResourceRecord[];
  /** What each view says of its record. */
  named(record: ResourceRecord): Named;
  /** Name of the network namespace of a resource. */
  namespace(id: string): string;
}

export function readingOf(lab: Lab, records: readonly ResourceRecord[]): Reading {
  const byType = Map.groupBy(records, ({ type }) => type);
  const prefix = namespacePrefix(lab);
  return {
    lab,
    records,
    of: (type) => byType.get(type) ?? [],
    named: (record) => ({
      id: record.id,
      name: nameOf(record),
      region: text(record, "region"),
      urn: printable(record.urn),
    }),
    namespace: (id) => namespaceOfId(prefix, id),
  };
}

export function text(record: ResourceRecord | undefined, key: string): string {
  const value = record?.outputs[key];
  return typeof value === "string" ? value : "";
}

export function texts(record: ResourceRecord, key: string): string[] {
  const value = record.outputs[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function number(record: ResourceRecord, key: string): number {
  const value = Number(record.outputs[key]);
  return Number.isInteger(value) ? value : 0;
}

/** A property that is there only when it says something. */
export function some<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  const pair: { [key in K]?: string } = {};
  if (value !== undefined && value !== "") pair[key] = value;
  return pair;
}
