import { formatPath, isKnown, isMap, type PropertyPath, UNKNOWN } from "./property-value";

export type ChangeKind = "add" | "delete" | "update";

/** What changes: path, as the engine writes it, to how. */
export type PropertyDiff = ReadonlyMap<string, ChangeKind>;

/**
 * Every place where two trees of properties differ, as deep as both have the same form. Unknown differs from
 * everything.
 */
export function diffProperties(before: unknown, after: unknown): PropertyDiff {
  const changes = new Map<string, ChangeKind>();
  const visit = (old: unknown, now: unknown, path: PropertyPath): void => {
    if (now === UNKNOWN) {
      changes.set(formatPath(path), old === undefined ? "add" : "update");
    } else if (Array.isArray(old) && Array.isArray(now)) {
      for (let index = 0; index < Math.max(old.length, now.length); index++)
        visit(old[index], now[index], [...path, index]);
    } else if (isMap(old) && isMap(now)) {
      for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) visit(old[key], now[key], [...path, key]);
    } else if (old !== now) {
      changes.set(formatPath(path), old === undefined ? "add" : now === undefined ? "delete" : "update");
    }
  };
  visit(before, after, []);
  return changes;
}

/** Whether two trees of properties are the same and wholly known. */
export function sameProperties(before: unknown, after: unknown): boolean {
  return isKnown(after) && diffProperties(before, after).size === 0;
}
