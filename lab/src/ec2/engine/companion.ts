import type { PropertyMap } from "../../../../wire/property-value";
import type { ResourceRecord } from "../../state/record";
import { textOf } from "./fields";

/** A resource that AWS makes together with another one. */
export interface Companion {
  readonly type: string;
  readonly id: string;
  readonly outputs: PropertyMap;
}

/** The record of what comes with another one, and goes with it. */
export function companionRecord(owner: ResourceRecord, { type, id, outputs }: Companion): ResourceRecord {
  const { urn, created } = owner;
  return {
    type,
    id,
    urn,
    inputs: {},
    outputs: { ...outputs, id, region: owner.outputs["region"], tagsAll: {} },
    internal: { companionOf: owner.id },
    created,
  };
}

/** The record that another one came with, or undefined. */
export function ownerOf(record: ResourceRecord): string | undefined {
  return textOf(record.internal, "companionOf");
}
