import type { ResourceRecord } from "../../state/record";
import { ApiError } from "./api-error";
import { ownerOf } from "./companion";
import type { Records } from "./records";
import type { Reference, ResourceType } from "./resource-type";

/**
 * Refuses to delete a record that others hold, by what their types declare.
 *
 * @param types all that there are
 */
export function refuseHeld(
  type: ResourceType,
  record: ResourceRecord,
  records: Records,
  types: readonly ResourceType[],
): void {
  const holders = types
    .flatMap((other) => referring(other, other.holds ?? [], [record], records))
    .filter((holder) => ownerOf(holder) !== record.id);
  if (holders.length === 0) return;
  throw (
    type.inUse?.(record, holders) ?? new ApiError("DependencyViolation", `resource ${record.id} has a dependent object`)
  );
}

/** Ids of what goes when a record is deleted, its own first: what came with it, and what the types say goes along. */
export function goingWith(record: ResourceRecord, records: Records, types: readonly ResourceType[]): string[] {
  const going = new Map([[record.id, record]]);
  for (let found: readonly ResourceRecord[] = [record]; found.length > 0;) {
    const named = found;
    const owners = new Set(named.map(({ id }) => id));
    const more = [
      ...records.account.filter((other) => owners.has(ownerOf(other) ?? "")),
      ...types.flatMap((type) => referring(type, type.goesWith ?? [], named, records)),
    ];
    found = more.filter((other) => !going.has(other.id) && going.set(other.id, other));
  }
  return [...going.keys()];
}

/** Records of a type that name one of some records. */
function referring(
  type: ResourceType,
  references: readonly Reference[],
  named: readonly ResourceRecord[],
  records: Records,
): ResourceRecord[] {
  return references.flatMap(({ to, by, when }) => {
    const ids = named.filter((record) => record.type === to).map(({ id }) => id);
    if (ids.length === 0) return [];
    return records.ofType(type.token).filter((record) => {
      const value = record.outputs[by];
      const names = ids.some((id) => (Array.isArray(value) ? value.includes(id) : value === id));
      return names && (when === undefined || when(record));
    });
  });
}
