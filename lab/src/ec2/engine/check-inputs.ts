import { type Input, type Inputs, isBlock, isBlocks, isNothing, terraformName } from "./input";
import { isKnown, isMap, type PropertyMap, type PropertyValue, UNKNOWN } from "../../../../wire/property-value";
import type { InputFailure, ResourceType } from "./resource-type";

export interface Checked {
  readonly inputs: PropertyMap;
  readonly failures: readonly InputFailure[];
}

/**
 * Inputs with their types set right and defaults filled in, and all that is wrong with them. Unknown ones pass.
 *
 * @param news without `__defaults`
 * @param autoname makes the name where the type wants one
 */
export function checkInputs(type: ResourceType, news: PropertyMap, autoname: (input: string) => string): Checked {
  const failures: InputFailure[] = [];
  const inputs = checkBlock(type, type.inputs, news, "", "", failures);
  if (
    type.autoname !== undefined &&
    inputs[type.autoname.input] === undefined &&
    inputs[type.autoname.unless] === undefined
  ) {
    const { input } = type.autoname;
    const name = autoname(input);
    inputs[input] = name;
    if (Array.isArray(inputs["__defaults"])) inputs["__defaults"].push(input);
    const problem = type.inputs[input]?.check?.(name, terraformName(input));
    if (problem !== undefined) failures.push({ path: input, reason: problem });
  }
  if (failures.length === 0) failures.push(...(type.check?.(inputs) ?? []));
  return { inputs, failures };
}

/** @param path of the block for Pulumi, @param tfPath of the block for Terraform; both empty for the resource itself */
function checkBlock(
  type: ResourceType,
  schema: Inputs,
  news: PropertyMap,
  path: string,
  tfPath: string,
  failures: InputFailure[],
): PropertyMap {
  const inputs: PropertyMap = {};
  const defaults: string[] = [];
  for (const [name, value] of Object.entries(news)) {
    if (name === "__defaults" || value === null) continue;
    const here = path === "" ? name : `${path}.${name}`;
    const input = schema[name];
    if (input === undefined) {
      failures.push({ path: here, reason: `${type.token} of the aws package 7.48 has no input ${here}` });
      continue;
    }
    inputs[name] = checkInput(type, input, value, here, tfPath + terraformName(name), failures);
  }
  for (const [name, input] of Object.entries(schema)) {
    if (inputs[name] !== undefined) continue;
    const here = path === "" ? name : `${path}.${name}`;
    if (input.required === true) {
      failures.push({
        path: here,
        reason: `Missing required argument. The argument "${terraformName(name)}" is required, but no definition was found`,
      });
    } else if (input.default !== undefined) {
      inputs[name] = input.default;
      defaults.push(name);
    }
  }
  return type.pluginFramework === true ? inputs : { ...inputs, __defaults: defaults };
}

function checkInput(
  type: ResourceType,
  input: Input,
  given: PropertyValue,
  path: string,
  tfName: string,
  failures: InputFailure[],
): PropertyValue {
  if (given === UNKNOWN) return given;
  const fail = (reason: string): PropertyValue => {
    failures.push({ path, reason });
    return given;
  };
  if (typeof input.lab === "object" && !isNothing(input, given)) {
    return fail(`the lab does not model ${path} of ${type.token}: ${input.lab.refused}`);
  }
  const { kind } = input;
  if (isBlock(kind)) {
    if (!isMap(given)) return fail(`expected object type; got ${typeOf(given)}`);
    return checkBlock(type, kind.block, given, path, `${tfName}.0.`, failures);
  }
  if (isBlocks(kind)) {
    if (!Array.isArray(given)) return fail(`expected array type; got ${typeOf(given)}`);
    return given.map((item, i) => {
      if (item === UNKNOWN) return item;
      if (isMap(item)) return checkBlock(type, kind.blocks, item, `${path}[${i}]`, `${tfName}.${i}.`, failures);
      return fail(`expected object type; got ${typeOf(item)}`);
    });
  }
  const cast = castValue(kind, given);
  if ("problem" in cast) return fail(cast.problem);
  if (isKnown(cast.value)) {
    const problem = input.check?.(cast.value, tfName);
    if (problem !== undefined) failures.push({ path, reason: problem });
  }
  return cast.value;
}

/** As the bridge does: strings that read as booleans or numbers pass for them, and the other way round. */
function castValue(
  kind: "string" | "bool" | "int" | "strings" | "stringMap",
  value: PropertyValue,
): { readonly value: PropertyValue } | { readonly problem: string } {
  switch (kind) {
    case "string":
      if (typeof value === "string") return { value };
      if (typeof value === "number" || typeof value === "boolean") return { value: String(value) };
      return { problem: `expected string type; got ${typeOf(value)}` };
    case "bool":
      if (typeof value === "boolean") return { value };
      if (typeof value !== "string") return { problem: `expected bool type; got ${typeOf(value)}` };
      if (/^(1|t|T|true|TRUE|True)$/.test(value)) return { value: true };
      if (/^(0|f|F|false|FALSE|False)$/.test(value)) return { value: false };
      return {
        problem: `cannot parse '' as bool: strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`,
      };
    case "int":
      if (typeof value === "number" && Number.isInteger(value)) return { value };
      if (typeof value === "string" && /^[+-]?\d+$/.test(value)) return { value: Number(value) };
      return {
        problem: `expected integer type; got ${typeof value === "number" || typeof value === "string" ? JSON.stringify(value) : typeOf(value)}`,
      };
    case "strings": {
      if (!Array.isArray(value)) return { problem: `expected array type; got ${typeOf(value)}` };
      const wrong = value.find((item) => typeof item !== "string");
      return wrong === undefined ? { value } : { problem: `expected string type; got ${typeOf(wrong)}` };
    }
    case "stringMap": {
      if (!isMap(value)) return { problem: `expected object type; got ${typeOf(value)}` };
      const entries = Object.entries(value).filter(([key]) => key !== "__defaults");
      const wrong = entries.find(([, item]) => typeof item === "object");
      if (wrong !== undefined) return { problem: `expected string type; got ${typeOf(wrong[1])}` };
      return { value: Object.fromEntries(entries.map(([key, item]) => [key, String(item)])) };
    }
  }
}

function typeOf(value: PropertyValue): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
}
