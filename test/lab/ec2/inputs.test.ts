import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functions } from "../../../lab/src/ec2/functions";
import { type Input, type Inputs, isBlock, isBlocks, type Kind } from "../../../lab/src/ec2/engine/input";
import { isMap, type PropertyMap, type PropertyValue } from "../../../wire/property-value";
import { resourceTypes } from "../../../lab/src/ec2/types-by-token";
import { Account, urnOf } from "../../support/account-in-memory";
import { type Block, type Documented, documentedInputs } from "./documented-inputs";
import { inputsPage } from "./inputs-page";

const PAGE = join(__dirname, "../../../docs/lab-inputs.md");

describe("inputs that @pulumi/aws 7.48 documents", () => {
  for (const { token, inputs } of resourceTypes.values()) {
    it(`of ${token} are enforced, recorded or refused, each with its kind`, () =>
      assert.deepEqual(disagreements(inputs, documentedInputs(token), ""), []));
  }

  for (const [token, { args }] of functions) {
    it(`of ${token} are enforced, recorded or refused`, () =>
      assert.deepEqual(Object.keys(args).sort(), Object.keys(documentedInputs(token)).sort()));
  }

  it("are missed when one is in no list, and noticed when one has another kind", () => {
    const { vpcId, ...others } = resourceTypes.get("aws:ec2/subnet:Subnet")?.inputs ?? {};
    assert.equal(vpcId?.required, true);
    const documented = documentedInputs("aws:ec2/subnet:Subnet");
    assert.deepEqual(disagreements(others, documented, ""), ["vpcId is in none of the lists"]);
    assert.deepEqual(disagreements({ ...others, vpcId: { kind: "int", lab: "recorded" } }, documented, ""), [
      "vpcId is string, required in the package, number, optional in the lab",
    ]);
    assert.deepEqual(disagreements({ ...others, vpcId, vpc: vpcId }, documented, ""), [
      "vpc is no input of the package",
    ]);
  });

  it("and are refused do not pass, whatever the value and wherever they are", () => {
    const account = new Account();
    const passed: string[] = [];
    let tried = 0;
    for (const { token, inputs } of resourceTypes.values()) {
      for (const { path, news } of withLeaf(inputs, ({ lab }) => typeof lab === "object")) {
        tried++;
        const said = `the lab does not model ${path} of ${token}: `;
        if (!account.faults(token, "x", news).some((fault) => fault.startsWith(said))) passed.push(`${token} ${path}`);
      }
    }
    assert.deepEqual(passed, []);
    assert.ok(tried > 60, String(tried));
  });

  it("and are recorded come back as they were given", async () => {
    const account = new Account();
    const lost: string[] = [];
    for (const { token, inputs } of resourceTypes.values()) {
      for (const { path, news } of withLeaf(inputs, ({ lab }) => lab === "recorded")) {
        const checked = account.provider.check(urnOf(token, "x"), news, {}, new Uint8Array()).inputs;
        const { outputs } = await account.provider.create({ urn: urnOf(token, "x"), preview: true }, checked);
        const name = path.split(/[.[]/)[0] ?? path;
        if (!includes(outputs[name] ?? null, news[name] ?? null))
          lost.push(`${token} ${path}: ${JSON.stringify(news)} became ${JSON.stringify(outputs[name])}`);
      }
    }
    assert.deepEqual(lost, []);
  });

  it("are the lists in docs/lab-inputs.md", () => {
    const page = inputsPage();
    if (process.env["OVERLAYNET_WRITE_DOCS"] !== undefined) writeFileSync(PAGE, page);
    // Without the difference, which is long.
    assert.ok(
      readFileSync(PAGE, "utf8") === page,
      "docs/lab-inputs.md is not what the declarations say. Write it anew: OVERLAYNET_WRITE_DOCS=1 npx mocha test/lab/ec2/inputs.test.ts",
    );
  });
});

function disagreements(inputs: Inputs, documented: Block, before: string): string[] {
  const surplus = Object.keys(inputs).filter((name) => !Object.hasOwn(documented, name));
  return [
    ...Object.entries(documented).flatMap(([name, { kind, required }]): string[] => {
      const path = `${before}${name}`;
      const input = inputs[name];
      if (input === undefined) return [`${path} is in none of the lists`];
      const [theirs, ours] = [says(nameOf(kind), required), says(kindName(input.kind), input.required === true)];
      if (theirs !== ours) return [`${path} is ${theirs} in the package, ${ours} in the lab`];
      // What is in a refused block is refused with it.
      if (typeof input.lab === "object") return [];
      if (isBlock(input.kind) && typeof kind === "object" && "block" in kind)
        return disagreements(input.kind.block, kind.block, `${path}.`);
      if (isBlocks(input.kind) && typeof kind === "object" && "blocks" in kind)
        return disagreements(input.kind.blocks, kind.blocks, `${path}[].`);
      return [];
    }),
    ...surplus.map((name) => `${before}${name} is no input of the package`),
  ];
}

/** For each leaf that is meant: its path, and inputs that hold nothing but it. */
function withLeaf(
  inputs: Inputs,
  isMeant: (input: Input) => boolean,
): { readonly path: string; readonly news: PropertyMap }[] {
  return Object.entries(inputs).flatMap(([name, input]): { path: string; news: PropertyMap }[] => {
    if (typeof input.lab !== "object" && isBlock(input.kind))
      return withLeaf(input.kind.block, isMeant).map(({ path, news }) => ({
        path: `${name}.${path}`,
        news: { [name]: news },
      }));
    if (typeof input.lab !== "object" && isBlocks(input.kind))
      return withLeaf(input.kind.blocks, isMeant).map(({ path, news }) => ({
        path: `${name}[0].${path}`,
        news: { [name]: [news] },
      }));
    return isMeant(input) ? [{ path: name, news: { [name]: sample(input) } }] : [];
  });
}

/** A value that says something, and that the input's own check takes. */
function sample({ kind, check }: Input): PropertyValue {
  if (isBlock(kind)) return {};
  if (isBlocks(kind)) return [{}];
  if (kind === "bool") return true;
  if (kind === "int") return 7;
  if (kind === "strings") return ["x"];
  if (kind === "stringMap") return { a: "b" };
  // A check that knows a few values names them; the last one is the least likely to be the default.
  const named = /one of \[(?:"[^"]*" )*"([^"]*)"\]/.exec(check?.("x", "") ?? "")?.[1];
  return named ?? "x";
}

/** Whether all that was given is there; more may have been filled in. */
function includes(there: PropertyValue, given: PropertyValue): boolean {
  if (Array.isArray(given)) return Array.isArray(there) && given.every((item, i) => includes(there[i] ?? null, item));
  if (isMap(given))
    return isMap(there) && Object.entries(given).every(([key, item]) => includes(there[key] ?? null, item));
  return there === given;
}

function says(kind: string, required: boolean): string {
  return `${kind}, ${required ? "required" : "optional"}`;
}

function nameOf(kind: Documented["kind"]): string {
  return typeof kind === "string" ? kind : Object.keys(kind).join();
}

function kindName(kind: Kind): string {
  const names: Readonly<Record<string, string>> = {
    string: "string",
    bool: "boolean",
    int: "number",
    strings: "list",
    stringMap: "map",
  };
  return typeof kind === "string" ? (names[kind] ?? kind) : Object.keys(kind).join();
}
