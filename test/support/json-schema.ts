import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve as absolute } from "node:path";

const FOLDER = absolute(__dirname, "../../docs/schema");

/** A schema of docs/schema, by its file's name. */
export function schemaOf(file: string): Schema {
  return JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Schema;
}

/** Asserts that what a command prints as JSON fits the schema of docs/schema that its help names. */
export function assertFits(file: string, value: unknown): void {
  const schema = schemaOf(file);
  assert.deepEqual(violations(schema, schema, JSON.parse(JSON.stringify(value)) as unknown), [], file);
}

/**
 * The keywords of JSON Schema that docs/schema uses; anything else in a schema is an error, so that nothing goes
 * unchecked.
 */
export interface Schema {
  readonly [keyword: string]: unknown;
}

const IGNORED = new Set(["$schema", "$id", "$defs", "title", "description"]);

/** What of a value does not fit, as paths and sentences; `root` holds the $defs. */
export function violations(root: Schema, schema: Schema, value: unknown, path = "$"): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]): string[] => {
    if (IGNORED.has(keyword)) return [];
    switch (keyword) {
      case "$ref": {
        const [file = "", name = ""] = String(rule).split("#/$defs/");
        const home = file === "" ? root : schemaOf(file);
        return violations(home, definition(home, name), value, path);
      }
      case "oneOf": {
        const fitting = (rule as readonly Schema[]).filter(
          (one) => violations(root, one, value, path).length === 0,
        ).length;
        return fitting >= 1 ? [] : [`${path} fits nothing of oneOf`];
      }
      case "type":
        return [rule].flat().includes(typeOf(value)) || (rule === "number" && typeOf(value) === "integer")
          ? []
          : [`${path} is ${typeOf(value)}, not ${String(rule)}`];
      case "enum":
        return (rule as readonly unknown[]).includes(value) ? [] : [`${path} is ${JSON.stringify(value)}`];
      case "const":
        return value === rule ? [] : [`${path} is ${JSON.stringify(value)}`];
      case "minimum":
        return typeof value !== "number" || value >= Number(rule) ? [] : [`${path} is below ${String(rule)}`];
      case "maximum":
        return typeof value !== "number" || value <= Number(rule) ? [] : [`${path} is above ${String(rule)}`];
      case "minItems":
        return !Array.isArray(value) || value.length >= Number(rule)
          ? []
          : [`${path} has fewer than ${String(rule)} items`];
      case "maxItems":
        return !Array.isArray(value) || value.length <= Number(rule)
          ? []
          : [`${path} has more than ${String(rule)} items`];
      case "items":
        return Array.isArray(value)
          ? value.flatMap((item: unknown, index) => violations(root, rule as Schema, item, `${path}[${index}]`))
          : [];
      case "required":
        return isObject(value)
          ? (rule as readonly string[]).filter((name) => !(name in value)).map((name) => `${path}.${name} is missing`)
          : [];
      case "properties":
        return isObject(value)
          ? Object.entries(rule as Record<string, Schema>).flatMap(([name, one]) =>
              name in value ? violations(root, one, value[name], `${path}.${name}`) : [],
            )
          : [];
      case "additionalProperties": {
        if (!isObject(value)) return [];
        const known = Object.keys(schema.properties ?? {});
        const others = Object.keys(value).filter((name) => !known.includes(name));
        return rule === false
          ? others.map((name) => `${path}.${name} is unknown`)
          : others.flatMap((name) => violations(root, rule as Schema, value[name], `${path}.${name}`));
      }
      default:
        throw new Error(`keyword ${keyword} is not checked here`);
    }
  });
}

function definition(root: Schema, name: string): Schema {
  const found = (root.$defs as Readonly<Record<string, Schema>>)[name];
  if (found === undefined) throw new Error(`${name} is not in the schema`);
  return found;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}
