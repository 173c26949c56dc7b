import { isIPv4, isIPv6 } from "node:net";
import { type IpVersion, parseCidr } from "../ippool/cidr";
import {
  A_LIST,
  A_STRING,
  AN_OBJECT,
  MISSING,
  mustBe,
  oneOf,
  TRUE_OR_FALSE,
  unknownKey,
  valueInWords,
  wholeNumber,
} from "../../../wire/input-words";
import { isArray, isObject, joinPath, type ManifestEntry, type ManifestValue } from "../ippool/manifest-value";
import type { Problem } from "../ippool/problem";
import { parseSelector } from "../ippool/selector";

/** What a whole number is within, both included. */
export interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * One value, where it stands, and what it may be: each method returns undefined and reports a problem when it is
 * something else.
 */
export class Field {
  constructor(
    readonly value: ManifestValue,
    readonly path: string,
    readonly problems: Problem[],
  ) {}

  report(message: string): undefined {
    this.problems.push({ path: this.path, message, ...this.value.position });
    return undefined;
  }

  private wrong(expected: string): undefined {
    return this.report(mustBe(expected, inWords(this.value)));
  }

  string(): string | undefined {
    return typeof this.value.value === "string" ? this.value.value : this.wrong(A_STRING);
  }

  boolean(): boolean | undefined {
    return typeof this.value.value === "boolean" ? this.value.value : this.wrong(TRUE_OR_FALSE);
  }

  integer({ minimum, maximum }: Range): number | undefined {
    const { value } = this.value;
    return typeof value === "number" && Number.isInteger(value) && minimum <= value && value <= maximum
      ? value
      : this.wrong(wholeNumber(minimum, maximum));
  }

  address(version?: IpVersion): string | undefined {
    const { value } = this.value;
    const fits =
      typeof value === "string" &&
      ((version !== 6 && isIPv4(value)) || (version !== 4 && isIPv6(value) && !value.includes("%")));
    return fits ? value : this.wrong(`an ${version === undefined ? "IP" : `IPv${version}`} address`);
  }

  cidr(): string | undefined {
    const { value } = this.value;
    if (typeof value !== "string" || !value.includes("/")) return this.wrong("a CIDR");
    try {
      parseCidr(value);
      return value;
    } catch {
      return this.wrong("a CIDR");
    }
  }

  selector(): string | undefined {
    const text = this.string();
    try {
      if (text !== undefined) parseSelector(text);
      return text;
    } catch (error) {
      return this.report(`is no selector: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  matching(pattern: RegExp, expected: string): string | undefined {
    const { value } = this.value;
    return typeof value === "string" && pattern.test(value) ? value : this.wrong(expected);
  }

  oneOf<T extends string>(choices: readonly T[]): T | undefined {
    return choices.find((choice) => choice === this.value.value) ?? this.wrong(oneOf(choices));
  }

  items(): readonly Field[] {
    if (!isArray(this.value)) return this.wrong(A_LIST) ?? [];
    return this.value.value.map((value, index) => new Field(value, joinPath(this.path, index), this.problems));
  }

  /** An object with names, or addresses, for keys and strings for values. */
  strings(keys: "names" | "addresses"): Readonly<Record<string, string>> | undefined {
    if (!isObject(this.value)) return this.wrong(AN_OBJECT);
    const strings: Record<string, string> = Object.create(null) as Record<string, string>;
    for (const [key, entry] of this.value.value) {
      const field = new Field(entry.value, joinPath(this.path, key), this.problems);
      if (keys === "addresses" && !isIPv4(key) && !isIPv6(key)) field.report(`its key must be an IP address`);
      const value = field.string();
      if (value !== undefined) strings[key] = value;
    }
    return strings;
  }
}

/** An object whose fields are asked for by name; null counts as absent, as in Kubernetes' objects. */
export class Fields {
  private readonly entries: ReadonlyMap<string, ManifestEntry> | undefined;
  private readonly asked = new Set<string>();
  private readonly self: Field;

  constructor(value: ManifestValue, path: string, problems: Problem[]) {
    this.self = new Field(value, path, problems);
    if (isObject(value)) this.entries = value.value;
    else this.self.report(mustBe(AN_OBJECT, inWords(value)));
  }

  /** At a path below this object, such as `networks` or `nodes[2].name`. */
  report(path: string, message: string): void {
    const { problems, path: own, value } = this.self;
    problems.push({ path: own === "" ? path : `${own}.${path}`, message, ...value.position });
  }

  private field(name: string, required: boolean): Field | undefined {
    this.asked.add(name);
    const value = this.entries?.get(name)?.value;
    if (value !== undefined && value.value !== null)
      return new Field(value, joinPath(this.self.path, name), this.self.problems);
    if (required && this.entries !== undefined) this.report(name, MISSING);
    return undefined;
  }

  string(name: string, required = false): string | undefined {
    return this.field(name, required)?.string();
  }

  boolean(name: string): boolean | undefined {
    return this.field(name, false)?.boolean();
  }

  integer(name: string, range: Range, required = false): number | undefined {
    return this.field(name, required)?.integer(range);
  }

  address(name: string, version?: IpVersion, required = false): string | undefined {
    return this.field(name, required)?.address(version);
  }

  cidr(name: string, required: boolean): string | undefined {
    return this.field(name, required)?.cidr();
  }

  selector(name: string): string | undefined {
    return this.field(name, false)?.selector();
  }

  matching(name: string, pattern: RegExp, expected: string): string | undefined {
    return this.field(name, false)?.matching(pattern, expected);
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T | undefined {
    return this.field(name, false)?.oneOf(choices);
  }

  manyOf<T extends string>(name: string, choices: readonly T[]): readonly T[] | undefined {
    return this.field(name, false)
      ?.items()
      .flatMap((item) => item.oneOf(choices) ?? []);
  }

  strings(name: string, keys: "names" | "addresses" = "names"): Readonly<Record<string, string>> | undefined {
    return this.field(name, false)?.strings(keys);
  }

  values(name: string): readonly Field[] {
    return this.field(name, false)?.items() ?? [];
  }

  /** A list of objects, each read whole by `read`; what it does not ask for is unknown. */
  list<T>(name: string, read: (fields: Fields, index: number) => T, required = false): readonly T[] {
    return (this.field(name, required)?.items() ?? []).map((item, index) => {
      const fields = new Fields(item.value, item.path, item.problems);
      const result = read(fields, index);
      fields.finish();
      return result;
    });
  }

  /** To be called when everything was asked for; `ignored` are fields that are known to mean nothing here. */
  finish(...ignored: readonly string[]): void {
    for (const [name, { value }] of this.entries ?? []) {
      if (!this.asked.has(name) && !ignored.includes(name))
        new Field(value, joinPath(this.self.path, name), this.self.problems).report(unknownKey(name, [...this.asked]));
    }
  }
}

function inWords(value: ManifestValue): string {
  if (isArray(value)) return A_LIST;
  return isObject(value) ? AN_OBJECT : valueInWords(value.value);
}
