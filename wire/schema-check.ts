import type { CheckFailure } from "./check-failure";
import {
  A_LIST,
  A_STRING,
  AN_OBJECT,
  kindInWords,
  listOf,
  MISSING,
  mustBe,
  NOT_EMPTY,
  oneOf,
  TRUE_OR_FALSE,
  unknownKey,
  valueInWords,
  wholeNumber,
} from "./input-words";
import type { PackageSpec, PropertySpec, TypeSpec } from "./package-schema";
import { formatPath, isMap, type PropertyPath, UNKNOWN } from "./property-value";

export type { PackageSpec } from "./package-schema";

const NOT_PLAIN =
  "must be a plain value, as it decides which resources there are: not a secret, and not another resource's output";

/**
 * Whether inputs have the form that the schema gives a resource: keys, types, choices and bounds. The types of
 * TypeScript end where YAML programs and other languages begin. All failures at once. Strings are not shown in them,
 * but where only some are allowed: they may be secrets.
 *
 * @param token of a custom resource, a component or a function
 * @param isLater whether a value is not here yet: such a one is refused where the schema wants it plain, passed over
 *   elsewhere. Default: UNKNOWN, as custom resources have it
 */
export function checkAgainstSchema(
  schema: PackageSpec,
  token: string,
  inputs: object,
  isLater?: (value: unknown) => boolean,
): readonly CheckFailure[] {
  const resource = schema.resources[token];
  const called = schema.functions?.[token]?.inputs;
  const [properties, required] =
    resource === undefined
      ? [called?.properties, called?.required]
      : [resource.inputProperties, resource.requiredInputs];
  if (properties === undefined) throw new Error(`the schema has no resource or function ${token}`);
  const check = new Check(schema, isLater);
  check.object(inputs as Readonly<Record<string, unknown>>, properties, required, []);
  return check.failures;
}

/** The same for one value, at its place in the inputs: one that was not there when these were checked. */
export function checkValueAgainstSchema(
  schema: PackageSpec,
  spec: TypeSpec,
  value: unknown,
  path: PropertyPath,
): readonly CheckFailure[] {
  const check = new Check(schema);
  check.value(value, spec, path);
  return check.failures;
}

class Check {
  readonly failures: CheckFailure[] = [];

  constructor(
    private readonly schema: PackageSpec,
    private readonly isLater = (value: unknown): boolean => value === UNKNOWN,
  ) {}

  object(
    value: Readonly<Record<string, unknown>>,
    properties: Readonly<Record<string, PropertySpec>>,
    required: readonly string[] = [],
    path: PropertyPath,
  ): void {
    for (const key of required) if (value[key] === undefined || value[key] === null) this.fail([...path, key], MISSING);
    for (const [key, entry] of Object.entries(value)) {
      // The engine's own, such as __defaults.
      if (key.startsWith("__") || entry === undefined || entry === null) continue;
      const spec = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (spec === undefined) this.fail([...path, key], unknownKey(key, Object.keys(properties)));
      else this.value(entry, spec, [...path, key]);
    }
  }

  value(value: unknown, spec: PropertySpec, path: PropertyPath): void {
    const fail = (expected: string): void => {
      const mayBeSecret = spec.secret === true || typeof value === "string";
      this.fail(path, mustBe(expected, mayBeSecret ? kindInWords(value) : valueInWords(value)));
    };
    if (this.isLater(value)) {
      if (spec.plain === true) this.fail(path, NOT_PLAIN);
      return;
    }
    if (spec.$ref !== undefined) return this.named(value, spec.$ref, path);
    switch (spec.type) {
      case "array":
        if (!Array.isArray(value)) return fail(A_LIST);
        if (spec.minItems !== undefined && spec.minItems === spec.maxItems && value.length !== spec.minItems)
          return this.fail(path, mustBe(listOf(spec.minItems), listOf(value.length)));
        for (const [index, entry] of value.entries()) this.value(entry, inside(spec, spec.items), [...path, index]);
        return;
      case "object":
        if (!isMap(value)) return fail(AN_OBJECT);
        for (const [key, entry] of Object.entries(value))
          this.value(entry, inside(spec, spec.additionalProperties), [...path, key]);
        return;
      case "integer": {
        const { minimum = -Infinity, maximum = Infinity } = spec;
        if (typeof value !== "number" || !Number.isSafeInteger(value) || value < minimum || value > maximum)
          fail(wholeNumber(spec.minimum, spec.maximum));
        return;
      }
      case "boolean":
        if (typeof value !== "boolean") fail(TRUE_OR_FALSE);
        return;
      case "string":
        if (typeof value !== "string") fail(A_STRING);
        else if (value.length < (spec.minLength ?? 0)) this.fail(path, NOT_EMPTY);
        return;
      default:
        throw new Error(`the schema has a type that is not known here: ${JSON.stringify(spec)}`);
    }
  }

  private named(value: unknown, ref: string, path: PropertyPath): void {
    const type = this.schema.types[ref.replace("#/types/", "")];
    if (type === undefined) throw new Error(`the schema has no type ${ref}`);
    if (!("enum" in type)) {
      if (isMap(value)) this.object(value, type.properties ?? {}, type.required, path);
      else this.fail(path, mustBe(AN_OBJECT, kindInWords(value)));
      return;
    }
    const choices = type.enum.map((choice) => choice.value);
    if (!choices.includes(value)) this.fail(path, mustBe(oneOf(choices), valueInWords(value)));
  }

  private fail(path: PropertyPath, reason: string): void {
    this.failures.push({ property: formatPath(path), reason });
  }
}

/** What is inside something plain is plain as well, but for the properties of objects, which say it themselves. */
export function inside(outer: TypeSpec, inner: TypeSpec = { type: "string" }): TypeSpec {
  return outer.plain === true ? { ...inner, plain: true } : inner;
}

/** Where the schema says that values are secret, in a resource's inputs and outputs: paths without indices. */
export function secretLeaves(schema: PackageSpec, token: string): readonly PropertyPath[] {
  const leaves: PropertyPath[] = [];
  const visit = (properties: Readonly<Record<string, PropertySpec>>, path: PropertyPath): void => {
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
