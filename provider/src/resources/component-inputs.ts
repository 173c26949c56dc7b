import * as pulumi from "@pulumi/pulumi";
import { MISSING } from "../../../wire/input-words";
import type { PackageSpec, PropertySpec, TypeSpec } from "../../../wire/package-schema";
import { formatPath, isMap, type PropertyPath } from "../../../wire/property-value";
import { checkAgainstSchema, checkValueAgainstSchema, inside } from "../../../wire/schema-check";
import type { Problem } from "../ippool/problem";

/**
 * Reads what a program passed to a component: every problem of form, each at its property path. What is not known yet
 * is looked at when it is. Null counts as absent.
 *
 * @returns inputs that have the schema's form, where there are no problems
 */
export function readComponentInputs(
  schema: PackageSpec,
  token: string,
  inputs: pulumi.Inputs,
): { readonly inputs: pulumi.Inputs; readonly problems: readonly Problem[] } {
  const failures = checkAgainstSchema(schema, token, inputs, (value) => pulumi.Output.isInstance(value));
  const problems = failures.map(({ property, reason }) => ({ path: property, message: reason }));
  if (problems.length > 0) return { inputs, problems };
  const properties = schema.resources[token]?.inputProperties ?? {};
  return { inputs: new Reader(schema).object(inputs, properties, []), problems };
}

/** Goes over inputs that were checked, and has what is not known yet checked when it is. */
class Reader {
  constructor(private readonly schema: PackageSpec) {}

  object(
    value: Readonly<Record<string, unknown>>,
    properties: Readonly<Record<string, PropertySpec>>,
    path: PropertyPath,
  ): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, entry]) => {
        const spec = properties[key];
        return spec === undefined || entry === undefined || entry === null
          ? []
          : [[key, this.value(entry, spec, [...path, key])]];
      }),
    );
  }

  private value(value: unknown, spec: TypeSpec, path: PropertyPath): unknown {
    if (isOutput(value)) return value.apply((known) => this.checked(known, spec, path));
    if (Array.isArray(value))
      return value.map((entry: unknown, index) => this.value(entry, inside(spec, spec.items), [...path, index]));
    if (!isMap(value)) return value;
    const type = spec.$ref === undefined ? undefined : this.schema.types[spec.$ref.replace("#/types/", "")];
    if (type !== undefined && !("enum" in type)) return this.object(value, type.properties ?? {}, path);
    return Object.fromEntries(
      Object.entries(value).map(([key, entry]) => [
        key,
        this.value(entry, inside(spec, spec.additionalProperties), [...path, key]),
      ]),
    );
  }

  private checked(known: unknown, spec: TypeSpec, path: PropertyPath): unknown {
    if (known === undefined || known === null) throw new Error(`${formatPath(path)}: ${MISSING}`);
    const failures = checkValueAgainstSchema(this.schema, spec, known, path);
    if (failures.length > 0)
      throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
    return known;
  }
}

function isOutput(value: unknown): value is pulumi.Output<unknown> {
  return pulumi.Output.isInstance(value);
}
