import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { format, resolveConfig } from "prettier";
import type { EnumSpec, ObjectSpec, PackageSpec, PropertySpec, TypeSpec } from "../wire/package-schema";
import { inside } from "../wire/schema-check";

/**
 * Writes provider/src/generated from provider/schema.json: the types of arguments, inputs and outputs, the defaults and
 * ranges, and the custom resources as a component makes them. For maintainers, after a change of the schema; the result
 * is committed, and a test holds it against the schema.
 *
 *     npm run generate-types
 */

const ROOT = resolve(__dirname, "..");
const FOLDER = "provider/src/generated";
/** Columns of a line of prose, without what stands before it. */
const PROSE_WIDTH = 110;

type Type = ObjectSpec | EnumSpec;
type Properties = Readonly<Record<string, PropertySpec>>;

/** The generated files, by path from the project's root. */
export async function generatedFiles(schema: PackageSpec): Promise<ReadonlyMap<string, string>> {
  const generator = new Generator(schema);
  const files = new Map<string, string>();
  for (const [name, text] of Object.entries({
    "resource-types.ts": generator.resourceTypes(),
    "component-args.ts": generator.componentArgs(),
    "child-resources.ts": generator.childResources(),
  })) {
    const path = `${FOLDER}/${name}`;
    const options = await resolveConfig(join(ROOT, path));
    files.set(path, await format(`${HEADER}\n\n${text}`, { ...options, parser: "typescript" }));
  }
  return files;
}

const HEADER = "// Made from provider/schema.json by scripts/generate-types.ts: change the schema, not this.";

class Generator {
  constructor(private readonly schema: PackageSpec) {}

  /** Values as they are when all are known: what custom resources and functions get and give, and what components give. */
  resourceTypes(): string {
    const resources = this.resources();
    const custom = resources.filter(({ component }) => !component);
    const functions = Object.entries(this.schema.functions ?? {}).flatMap(([token, { inputs, outputs }]) => {
      const name = `${nameOf(token).charAt(0).toUpperCase()}${nameOf(token).slice(1)}`;
      return [
        { name: `${name}Inputs`, spec: inputs },
        { name: `${name}Outputs`, spec: outputs },
      ];
    });
    const types = this.used([
      ...custom.map(({ spec }) => spec.inputProperties),
      ...resources.map(({ spec }) => spec.properties),
      ...functions.map(({ spec }) => spec.properties ?? {}),
    ]);
    return paragraphs([
      ...types.map(({ name, type }) => this.declaration(name, type, (spec) => this.value(spec))),
      ...resources.flatMap(({ name, component, spec }) => [
        component ? "" : this.object(`${name}Inputs`, spec.inputProperties, spec.requiredInputs, (p) => this.value(p)),
        this.object(`${name}Outputs`, spec.properties, spec.required, (p) => this.value(p)),
      ]),
      ...functions.map(({ name, spec }) =>
        this.object(name, spec.properties ?? {}, spec.required, (p) => this.value(p)),
      ),
      constant("RANGES", "What whole numbers are within, both included.", rangeOf, [
        ...types.map(({ name, type }) => [name, propertiesOf(type)] as const),
        ...custom.map(({ name, spec }) => [name, spec.inputProperties] as const),
        ["Provider", this.schema.provider?.inputProperties ?? {}],
      ]),
    ]);
  }

  /** Arguments of components as programs give them: what is not plain may not be known yet. */
  componentArgs(): string {
    const components = this.resources().filter(({ component }) => component);
    const types = this.used(components.map(({ spec }) => spec.inputProperties));
    return paragraphs([
      'import type { Input } from "@pulumi/pulumi";',
      ...types.map(({ name, type }) =>
        this.declaration("enum" in type ? name : `${name}Args`, type, (spec) => this.argument(spec)),
      ),
      ...components.map(({ name, spec }) =>
        this.object(`${name}Args`, spec.inputProperties, spec.requiredInputs, (p) => this.argument(p)),
      ),
      constant("DEFAULTS", "What arguments are where a program gives none.", (spec) => spec.default, [
        ...types.map(({ name, type }) => [name, propertiesOf(type)] as const),
        ...components.map(({ name, spec }) => [name, spec.inputProperties] as const),
      ]),
    ]);
  }

  /** The custom resources as a component registers them. */
  childResources(): string {
    const children = this.resources().filter(({ component }) => !component);
    const types = children.flatMap(({ name, spec }) => [
      ...(hasInputs(spec) ? [`${name}Inputs`] : []),
      `${name}Outputs`,
    ]);
    return paragraphs([
      [
        'import type { CustomResourceOptions, Output } from "@pulumi/pulumi";',
        'import { ChildResource, type Inputs } from "../resources/child-resource";',
        `import type { ${types.join(", ")} } from "./resource-types";`,
      ].join("\n"),
      ...children.map(({ name, token, spec }) => {
        const outputs = Object.keys(spec.properties).map(
          (key) => `declare readonly ${key}: Output<${name}Outputs[${JSON.stringify(key)}]>;`,
        );
        const parameters = hasInputs(spec) ? `name: string, args: Inputs<${name}Inputs>` : "name: string";
        const args = hasInputs(spec) ? "args" : "{}";
        return `export class ${name} extends ChildResource {
          ${outputs.join("\n")}

          constructor(${parameters}, options?: CustomResourceOptions) {
            super(${JSON.stringify(token)}, name, ${args}, options);
          }
        }`;
      }),
    ]);
  }

  private resources() {
    return Object.entries(this.schema.resources).map(([token, spec]) => ({
      token,
      name: nameOf(token),
      component: spec.isComponent === true,
      spec,
    }));
  }

  /** The types that properties are made of, in the order of the schema. */
  private used(groups: readonly Properties[]): readonly { readonly name: string; readonly type: Type }[] {
    const tokens = new Set<string>();
    const visit = (spec: TypeSpec): void => {
      if (spec.items !== undefined) visit(spec.items);
      if (spec.additionalProperties !== undefined) visit(spec.additionalProperties);
      const token = spec.$ref?.replace("#/types/", "");
      if (token === undefined || tokens.has(token)) return;
      tokens.add(token);
      const type = this.schema.types[token];
      if (type === undefined) throw new Error(`the schema has no type ${token}`);
      Object.values(propertiesOf(type)).forEach(visit);
    };
    groups.flatMap((properties) => Object.values(properties)).forEach(visit);
    return Object.entries(this.schema.types).flatMap(([token, type]) =>
      tokens.has(token) ? [{ name: nameOf(token), type }] : [],
    );
  }

  private declaration(name: string, type: Type, typeOf: (spec: PropertySpec) => string): string {
    if (!("enum" in type)) return this.object(name, type.properties ?? {}, type.required, typeOf, type.description);
    const choices = type.enum.map(({ value }) => JSON.stringify(value)).join(" | ");
    return `${comment(type.description)}export type ${name} = ${choices};`;
  }

  private object(
    name: string,
    properties: Properties,
    required: readonly string[] = [],
    typeOf: (spec: PropertySpec) => string,
    description?: string,
  ): string {
    const lines = Object.entries(properties).map(
      ([key, spec]) =>
        `${comment(spec.description)}readonly ${key}${required.includes(key) ? "" : "?"}: ${typeOf(spec)};`,
    );
    if (lines.length === 0) return "";
    return `${comment(description)}export interface ${name} {\n${lines.join("\n")}\n}`;
  }

  private value(spec: TypeSpec): string {
    return typeText(spec, (inner) => this.value(inner), nameOf);
  }

  private argument(spec: TypeSpec): string {
    const text = typeText(
      spec,
      (inner) => this.argument(inside(spec, inner)),
      (token) => ("enum" in (this.schema.types[token] ?? {}) ? nameOf(token) : `${nameOf(token)}Args`),
    );
    return spec.plain === true ? text : `Input<${text}>`;
  }
}

function typeText(spec: TypeSpec, inner: (spec: TypeSpec) => string, named: (token: string) => string): string {
  if (spec.$ref !== undefined) return named(spec.$ref.replace("#/types/", ""));
  switch (spec.type) {
    case "array": {
      const item = inner(spec.items ?? {});
      return spec.minItems !== undefined && spec.minItems === spec.maxItems
        ? `readonly [${Array<string>(spec.minItems).fill(item).join(", ")}]`
        : `readonly (${item})[]`;
    }
    case "object":
      return `Readonly<Record<string, ${inner(spec.additionalProperties ?? { type: "string" })}>>`;
    case "integer":
    case "number":
      return "number";
    case "boolean":
    case "string":
      return spec.type;
    default:
      throw new Error(`the schema has a type that is not known here: ${JSON.stringify(spec)}`);
  }
}

function propertiesOf(type: Type): Properties {
  return "enum" in type ? {} : (type.properties ?? {});
}

function rangeOf({ minimum, maximum }: PropertySpec): unknown {
  return minimum === undefined && maximum === undefined ? undefined : { minimum, maximum };
}

/** A constant with what `pick` finds in the properties of each group, if anything. */
function constant(
  name: string,
  description: string,
  pick: (spec: PropertySpec) => unknown,
  groups: readonly (readonly [string, Properties])[],
): string {
  const found = groups.flatMap(([group, properties]) => {
    const picked = Object.entries(properties).flatMap(([key, spec]) => {
      const value = pick(spec);
      return value === undefined ? [] : [[key, value] as const];
    });
    return picked.length === 0 ? [] : [[group, Object.fromEntries(picked)] as const];
  });
  return `${comment(description)}export const ${name} = ${JSON.stringify(Object.fromEntries(found))} as const;`;
}

function paragraphs(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n\n");
}

function comment(text: string | undefined): string {
  if (text === undefined) return "";
  const lines = text.split("\n").flatMap(wrapped);
  return lines.length === 1
    ? `/** ${lines[0]} */\n`
    : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

function wrapped(paragraph: string): readonly string[] {
  const lines = [""];
  for (const word of paragraph.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + 1 + word.length > PROSE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}

/** `Cluster` of `overlaynet:index:Cluster`. */
function nameOf(token: string): string {
  return token.split(":").at(-1) ?? token;
}

function hasInputs(spec: { readonly inputProperties: Properties }): boolean {
  return Object.keys(spec.inputProperties).length > 0;
}

async function main(): Promise<void> {
  const schema = JSON.parse(readFileSync(join(ROOT, "provider/schema.json"), "utf8")) as PackageSpec;
  for (const [path, text] of await generatedFiles(schema)) writeFileSync(join(ROOT, path), text);
}

if (require.main === module) void main();
