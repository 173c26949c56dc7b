import { type PropertyValue } from "../../../../wire/property-value";
import { sameProperties } from "../../../../wire/property-diff";
import { regionNames } from "./regions";

/** The inputs of a resource or block, by name as @pulumi/aws spells it. */
export type Inputs = Readonly<Record<string, Input>>;

export type Kind =
  "string" | "bool" | "int" | "strings" | "stringMap" | { readonly block: Inputs } | { readonly blocks: Inputs };

/** One input as the schema of @pulumi/aws 7.48 has it, and what the lab does with it. */
export interface Input {
  readonly kind: Kind;
  readonly required?: true;
  /** AWS chooses a value when none is given; taking a given one away changes nothing. */
  readonly computed?: true;
  /** A change replaces the resource. */
  readonly forceNew?: true;
  /** Filled in by `check` and listed in `__defaults`. */
  readonly default?: boolean | number | string;
  /** The output when nothing is given and AWS chooses nothing; default: the zero value of the kind. */
  readonly unset?: PropertyValue;
  /** Order and repetition mean nothing. */
  readonly set?: true;
  /**
   * `enforced`: packets, nodes or checks follow it. `recorded`: kept and given back, without effect in the lab.
   * `refused`: any value but the zero value or `unset` is an error, for the reason given.
   */
  readonly lab: "enforced" | "recorded" | { readonly refused: string };
  /** What is wrong with a value by itself, in the provider's words; `name` is Terraform's. */
  readonly check?: (value: PropertyValue, name: string) => string | undefined;
  /** The form in which two values are compared, where different ones mean the same. */
  readonly canonical?: (value: PropertyValue) => PropertyValue;
}

/** An input that the lab does not model. */
export function refused(kind: Kind, reason: string, more: Partial<Input> = {}): Input {
  return { kind, lab: { refused: reason }, ...more };
}

/** Every resource that is made in a region has it, since 7.0. */
export const regionInput: Input = {
  kind: "string",
  computed: true,
  forceNew: true,
  lab: "enforced",
  check: (value) =>
    regionNames().includes(String(value))
      ? undefined
      : `the lab does not know the region ${String(value)}. It knows ${regionNames().join(", ")}`,
};
export const tagsInput: Input = { kind: "stringMap", unset: null, lab: "recorded" };

export function isBlock(kind: Kind): kind is { readonly block: Inputs } {
  return typeof kind === "object" && "block" in kind;
}

export function isBlocks(kind: Kind): kind is { readonly blocks: Inputs } {
  return typeof kind === "object" && "blocks" in kind;
}

/** The output of an input that has no value. */
export function unsetValue(input: Input): PropertyValue {
  return input.unset === undefined ? zeroValue(input.kind) : input.unset;
}

/** Whether a value says no more than leaving the input out. */
export function isNothing(input: Input, value: PropertyValue): boolean {
  return (
    value === null ||
    sameProperties(value, unsetValue(input)) ||
    (input.default !== undefined && value === input.default)
  );
}

function zeroValue(kind: Kind): PropertyValue {
  switch (kind) {
    case "string":
      return "";
    case "bool":
      return false;
    case "int":
      return 0;
    case "strings":
      return [];
    case "stringMap":
      return null;
    default:
      return isBlocks(kind) ? [] : null;
  }
}

/** An input's name in Terraform, which the provider's messages use: `cidrBlock` is `cidr_block`. */
export function terraformName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A check that the value is one of a few, in Terraform's words. */
export function oneOf(...values: readonly string[]): NonNullable<Input["check"]> {
  return (value, name) =>
    typeof value === "string" && values.includes(value)
      ? undefined
      : `expected ${name} to be one of [${values.map((v) => JSON.stringify(v)).join(" ")}], got ${String(value)}`;
}

/** A check that a number lies in a range, both ends included, in Terraform's words. */
export function between(least: number, most: number): NonNullable<Input["check"]> {
  return (value, name) =>
    typeof value === "number" && value >= least && value <= most
      ? undefined
      : `expected ${name} to be in the range (${least} - ${most}), got ${String(value)}`;
}
