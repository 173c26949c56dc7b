import type { CheckFailure } from "./check-failure";
import { formatPath, isMap, type PropertyPath, UNKNOWN } from "./property-value";

/** The part of Pulumi's package schema that says what form values have. */
export interface TypeSpec {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
}
export interface ObjectSpec {
  readonly properties?: Readonly<Record<string, TypeSpec>>;
  readonly required?: readonly string[];
}
export interface EnumSpec {
  readonly enum: readonly { readonly value: unknown }[];
}
export interface ResourceSpec {
  readonly isComponent?: boolean;
  readonly inputProperties: Readonly<Record<string, TypeSpec>>;
  readonly requiredInputs?: readonly string[];
  readonly properties: Readonly<Record<string, TypeSpec>>;
}
export interface PackageSpec {
  readonly types: Readonly<Record<string, ObjectSpec | EnumSpec>>;
  readonly resources: Readonly<Record<string, ResourceSpec>>;
}

/**
 * Whether inputs have the form that the schema gives a resource: the types of TypeScript end where YAML programs and
 * other languages begin. Unknown values pass. All failures at once.
 */
export function checkAgainstSchema(schema: PackageSpec, token: string, inputs: object): readonly CheckFailure[] {
  const resource = schema.resources[token];
  if (resource === undefined) throw new Error(`the schema has no resource ${token}`);
  const failures: CheckFailure[] = [];
  const fail = (path: PropertyPath, reason: string): void => void failures.push({ property: formatPath(path), reason });

  const checkObject = (
    value: Readonly<Record<string, unknown>>,
    properties: Readonly<Record<string, TypeSpec>>,
    required: readonly string[],
    path: PropertyPath,
  ): void => {
    for (const key of required) if (value[key] === undefined || value[key] === null) fail([...path, key], "is missing");
    for (const [key, entry] of Object.entries(value)) {
      const spec = properties[key];
      if (key.startsWith("__") || entry === undefined || entry === null) continue;
      if (spec === undefined)
        fail([...path, key], `is no property here: these are ${Object.keys(properties).join(", ") || "none"}`);
      else checkValue(entry, spec, [...path, key]);
    }
  };

  const checkValue = (value: unknown, spec: TypeSpec, path: PropertyPath): void => {
    if (value === UNKNOWN) return;
    if (spec.$ref !== undefined) {
      const type = schema.types[spec.$ref.replace("#/types/", "")];
      if (type === undefined) throw new Error(`the schema has no type ${spec.$ref}`);
      if ("enum" in type) {
        const choices = type.enum.map((choice) => choice.value);
        if (!choices.includes(value)) fail(path, `has to be one of ${choices.join(", ")}`);
      } else if (isMap(value)) checkObject(value, type.properties ?? {}, type.required ?? [], path);
      else fail(path, "has to be an object");
    } else if (spec.type === "array") {
      if (!Array.isArray(value)) fail(path, "has to be a list");
      else for (const [index, entry] of value.entries()) checkValue(entry, spec.items ?? {}, [...path, index]);
    } else if (spec.type === "object") {
      if (!isMap(value)) fail(path, "has to be an object");
      else
        for (const [key, entry] of Object.entries(value))
          checkValue(entry, spec.additionalProperties ?? {}, [...path, key]);
    } else if (spec.type === "integer") {
      if (!Number.isSafeInteger(value)) fail(path, "has to be a whole number");
    } else if (spec.type !== undefined && typeof value !== spec.type) fail(path, `has to be a ${spec.type}`);
  };

  checkObject(inputs as Readonly<Record<string, unknown>>, resource.inputProperties, resource.requiredInputs ?? [], []);
  return failures;
}

/** Where the schema says that values are secret, in a resource's inputs and outputs: paths without indices. */
export function secretLeaves(schema: PackageSpec, token: string): readonly PropertyPath[] {
  const leaves: PropertyPath[] = [];
  const visit = (
    properties: Readonly<Record<string, TypeSpec & { readonly secret?: boolean }>>,
    path: PropertyPath,
  ): void => {
    for (const [key, spec] of Object.entries(properties)) {
      const type = spec.$ref === undefined ? undefined : schema.types[spec.$ref.replace("#/types/", "")];
      if (spec.secret === true) leaves.push([...path, key]);
      else if (type !== undefined && !("enum" in type)) visit(type.properties ?? {}, [...path, key]);
    }
  };
  const resource = schema.resources[token];
  visit(resource?.inputProperties ?? {}, []);
  visit(resource?.properties ?? {}, []);
  return leaves;
}
