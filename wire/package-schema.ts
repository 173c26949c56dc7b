/**
 * The part of Pulumi's package schema that says what form values have, and the words of JSON Schema for bounds, which
 * Pulumi reads over. Source: pulumi pkg/codegen/schema/pulumi.json.
 */

export interface TypeSpec {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: TypeSpec;
  readonly additionalProperties?: TypeSpec;
  /** Of components: known when the program runs, neither a secret nor another resource's output. */
  readonly plain?: boolean;
  /** Of integers, both included. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Of strings, characters. */
  readonly minLength?: number;
  /** Of arrays. */
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface PropertySpec extends TypeSpec {
  readonly description?: string;
  readonly default?: unknown;
  readonly secret?: boolean;
}

export interface ObjectSpec {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, PropertySpec>>;
  readonly required?: readonly string[];
}

export interface EnumSpec {
  readonly description?: string;
  readonly enum: readonly { readonly value: unknown }[];
}

export interface ResourceSpec {
  readonly isComponent?: boolean;
  readonly inputProperties: Readonly<Record<string, PropertySpec>>;
  readonly requiredInputs?: readonly string[];
  readonly properties: Readonly<Record<string, PropertySpec>>;
  readonly required?: readonly string[];
}

export interface FunctionSpec {
  readonly inputs: ObjectSpec;
  readonly outputs: ObjectSpec;
}

export interface PackageSpec {
  readonly provider?: { readonly inputProperties?: Readonly<Record<string, PropertySpec>> };
  readonly types: Readonly<Record<string, ObjectSpec | EnumSpec>>;
  readonly resources: Readonly<Record<string, ResourceSpec>>;
  readonly functions?: Readonly<Record<string, FunctionSpec>>;
}
