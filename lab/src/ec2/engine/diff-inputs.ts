import type { PathChange } from "../../../../wire/diff-response";
import { type ChangeKind, sameProperties } from "../../../../wire/property-diff";
import { type Input, type Inputs, isBlock, isNothing } from "./input";
import { isMap, type PropertyMap, type PropertyValue, topProperty, UNKNOWN } from "../../../../wire/property-value";
import type { ResourceType } from "./resource-type";

/** What an update would change. */
export interface Diff {
  /** By path, as the engine writes it: `metadataOptions.httpTokens`. */
  readonly changes: ReadonlyMap<string, PathChange>;
  /** Top properties that change, sorted. */
  readonly properties: readonly string[];
  /** Those of them that replace the resource. */
  readonly replaces: readonly string[];
  /** Whether the provider tells the paths: not for resources of the Plugin Framework. */
  readonly detailed: boolean;
  /** Whether the old resource has to go before its replacement comes: it has a name that the program chose. */
  readonly deleteBeforeReplace: boolean;
}

/**
 * Compares inputs: the outputs only matter for `tagsAll`, since drift comes into the inputs by `refresh`.
 *
 * @param tagsAll old and new ones, in the new one the provider's default tags included
 */
export function diffInputs(
  type: ResourceType,
  olds: PropertyMap,
  news: PropertyMap,
  tagsAll: { readonly old: PropertyValue; readonly new: PropertyValue },
): Diff {
  const kinds = new Map<string, ChangeKind>();
  const replacing = new Set<string>();
  diffBlock(type.inputs, olds, news, "", kinds, replacing);
  if ("tags" in type.inputs) diffMap(tagsAll.old, tagsAll.new, "tagsAll", kinds);
  const changed = new Set([...kinds.keys()].map(topProperty));
  for (const path of type.replaces?.(olds, news, changed) ?? []) {
    if (!kinds.has(path) && !changed.has(path)) kinds.set(path, "update");
    replacing.add(topProperty(path));
  }
  const changes = new Map(
    [...kinds].map(([path, kind]) => [path, { kind, replace: replacing.has(topProperty(path)) }]),
  );
  const properties = [...new Set([...kinds.keys()].map(topProperty))].sort();
  // As the bridge does it: it goes by the defaults alone, so a name that is another one or has a prefix counts, too.
  const defaults = news["__defaults"];
  const named =
    type.autoname !== undefined && Array.isArray(defaults) && !defaults.some((name) => name === type.autoname?.input);
  return {
    changes,
    properties,
    replaces: properties.filter((name) => replacing.has(name)),
    detailed: type.pluginFramework !== true,
    deleteBeforeReplace: named && replacing.size > 0,
  };
}

function diffBlock(
  schema: Inputs,
  olds: PropertyMap,
  news: PropertyMap,
  path: string,
  kinds: Map<string, ChangeKind>,
  replacing: Set<string>,
): void {
  for (const [name, input] of Object.entries(schema)) {
    const here = path === "" ? name : `${path}.${name}`;
    const before = olds[name];
    const after = news[name];
    const found = kinds.size;
    if (after === undefined) {
      // What AWS may choose stays as it is when it is no longer given.
      if (before !== undefined && input.computed !== true && !isNothing(input, before)) kinds.set(here, "delete");
    } else if (isBlock(input.kind) && isMap(after) && (before === undefined || isMap(before))) {
      diffBlock(input.kind.block, before ?? {}, after, here, kinds, replacing);
    } else if (input.kind === "stringMap") {
      diffMap(before ?? null, after, here, kinds);
    } else if (before === undefined) {
      if (after === UNKNOWN || !isNothing(input, after)) kinds.set(here, "add");
    } else if (!sameProperties(canonical(input, before), canonical(input, after))) {
      kinds.set(here, "update");
    }
    if (kinds.size > found && input.forceNew === true) replacing.add(topProperty(here));
  }
}

function diffMap(before: PropertyValue, after: PropertyValue, path: string, kinds: Map<string, ChangeKind>): void {
  if (after === UNKNOWN) {
    kinds.set(path, "update");
    return;
  }
  const olds = isMap(before) ? before : {};
  const news = isMap(after) ? after : {};
  for (const key of new Set([...Object.keys(olds), ...Object.keys(news)])) {
    const here = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
    if (!(key in olds)) kinds.set(here, "add");
    else if (!(key in news)) kinds.set(here, "delete");
    else if (!sameProperties(olds[key] ?? null, news[key] ?? null)) kinds.set(here, "update");
  }
}

function canonical(input: Input, value: PropertyValue): PropertyValue {
  const one = input.canonical?.(value) ?? value;
  if (input.set !== true || !Array.isArray(one)) return one;
  const items = one.map((item) => (isMap(item) ? sorted(item) : item));
  const unique = new Map(items.map((item) => [JSON.stringify(item), item]));
  return [...unique.keys()].sort().map((key) => unique.get(key) ?? null);
}

/** A block with its keys in order and without what says nothing. */
function sorted(block: PropertyMap): PropertyMap {
  const entries = Object.entries(block).filter(
    ([key, value]) =>
      key !== "__defaults" && value !== "" && value !== false && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(
    entries
      .map(([key, value]): [string, PropertyValue] => [key, Array.isArray(value) ? [...value].sort() : value])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
