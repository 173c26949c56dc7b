import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** An input as @pulumi/aws documents it. */
export interface Documented {
  readonly required: boolean;
  readonly kind:
    "string" | "number" | "boolean" | "list" | "map" | { readonly block: Block } | { readonly blocks: Block };
}
export type Block = Readonly<Record<string, Documented>>;

const AWS = dirname(require.resolve("@pulumi/aws/package.json"));
const NESTED = readFileSync(join(AWS, "types", "input.d.ts"), "utf8");

/** The inputs of a resource type or function of @pulumi/aws, read from its declarations. */
export function documentedInputs(token: string): Block {
  const [, module = "", name = ""] = /^aws:(.+):(\w+)$/.exec(token) ?? [];
  const file = `${module.replace(/^index\//, "")}.d.ts`;
  const text = readFileSync(join(AWS, file), "utf8");
  const called = `${name.charAt(0).toUpperCase()}${name.slice(1)}Args`;
  const block = interfaceIn(text, called);
  if (block === undefined) throw new Error(`${file} of @pulumi/aws has no interface ${called}`);
  return block;
}

/** `inputs.ec2.InstanceRootBlockDevice` of types/input.d.ts. */
function nestedInterface(qualified: string): Block {
  const path = qualified.split(".").slice(1);
  const name = path.at(-1) ?? "";
  const start = path.length === 1 ? 0 : NESTED.indexOf(`export declare namespace ${path[0]} {`);
  const block = interfaceIn(NESTED.slice(start, path.length === 1 ? undefined : NESTED.indexOf("\n}\n", start)), name);
  if (block === undefined) throw new Error(`types/input.d.ts of @pulumi/aws has no ${qualified}`);
  return block;
}

function interfaceIn(text: string, name: string): Block | undefined {
  const [found] = new RegExp(`^( *)(?:export )?interface ${name} \\{\\n[^]*?^\\1\\}`, "m").exec(text) ?? [];
  if (found === undefined) return undefined;
  const [declaration] = ts.createSourceFile("x.d.ts", found, ts.ScriptTarget.Latest).statements;
  if (declaration === undefined || !ts.isInterfaceDeclaration(declaration)) return undefined;
  const members = declaration.members.flatMap((member): [string, Documented][] => {
    if (!ts.isPropertySignature(member) || !ts.isIdentifier(member.name) || member.type === undefined) return [];
    return [[member.name.text, { required: member.questionToken === undefined, kind: kindOf(member.type) }]];
  });
  return Object.fromEntries(members);
}

/** `pulumi.Input<pulumi.Input<inputs.ec2.X>[] | undefined>` is blocks of X. */
function kindOf(type: ts.TypeNode): Documented["kind"] {
  if (ts.isUnionTypeNode(type)) {
    // What stands beside a string is an enum of strings, or a resource whose id is meant.
    const [first] = type.types.filter((one) => one.kind !== ts.SyntaxKind.UndefinedKeyword);
    if (first !== undefined) return kindOf(first);
  }
  if (ts.isTypeReferenceNode(type)) {
    const name = entityName(type.typeName);
    const [argument] = type.typeArguments ?? [];
    if (name === "pulumi.Input" && argument !== undefined) return kindOf(argument);
    if (name.startsWith("inputs.")) return { block: nestedInterface(name) };
    return "string";
  }
  if (ts.isArrayTypeNode(type)) {
    const item = kindOf(type.elementType);
    return typeof item === "object" && "block" in item ? { blocks: item.block } : "list";
  }
  if (ts.isTypeLiteralNode(type)) return "map";
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
      return "string";
    case ts.SyntaxKind.NumberKeyword:
      return "number";
    case ts.SyntaxKind.BooleanKeyword:
      return "boolean";
    default:
      throw new Error(`a type of @pulumi/aws that this does not read: ${ts.SyntaxKind[type.kind]}`);
  }
}

function entityName(name: ts.EntityName): string {
  return ts.isIdentifier(name) ? name.text : `${entityName(name.left)}.${name.right.text}`;
}
