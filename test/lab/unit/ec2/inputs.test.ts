import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { functions } from "../../../../lab/src/ec2/functions";
import { type Inputs, isBlock, isBlocks, type Kind } from "../../../../lab/src/ec2/input";
import { resourceTypes } from "../../../../lab/src/ec2/resource-types";
import { type Block, type Documented, documentedInputs } from "./documented-inputs";
import { inputsPage } from "./inputs-page";

const PAGE = join(__dirname, "../../../../docs/lab-inputs.md");

describe("inputs that @pulumi/aws 7.48 documents", () => {
  for (const { token, inputs } of resourceTypes.values()) {
    it(`of ${token} are enforced, recorded or refused, each with its kind`, () => deepStrictEqual(disagreements(inputs, documentedInputs(token), ""), []));
  }

  for (const [token, { args }] of functions) {
    it(`of ${token} are enforced, recorded or refused`, () => deepStrictEqual(Object.keys(args).sort(), Object.keys(documentedInputs(token)).sort()));
  }

  it("are missed when one is in no list, and noticed when one has another kind", () => {
    const { vpcId, ...others } = resourceTypes.get("aws:ec2/subnet:Subnet")?.inputs ?? {};
    strictEqual(vpcId?.required, true);
    const documented = documentedInputs("aws:ec2/subnet:Subnet");
    deepStrictEqual(disagreements(others, documented, ""), ["vpcId is in none of the lists"]);
    deepStrictEqual(disagreements({ ...others, vpcId: { kind: "int", lab: "recorded" } }, documented, ""), ["vpcId is string, required in the package, number, optional in the lab"]);
    deepStrictEqual(disagreements({ ...others, vpcId, vpc: vpcId }, documented, ""), ["vpc is no input of the package"]);
  });

  it("are the lists in docs/lab-inputs.md", () => {
    const page = inputsPage();
    if (process.env["OVERLAYNET_WRITE_DOCS"] !== undefined) writeFileSync(PAGE, page);
    // Without the difference, which is long.
    ok(readFileSync(PAGE, "utf8") === page, "docs/lab-inputs.md is not what the declarations say. Write it anew: OVERLAYNET_WRITE_DOCS=1 npx mocha test/lab/unit/ec2/inputs.test.ts");
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
      if (isBlock(input.kind) && typeof kind === "object" && "block" in kind) return disagreements(input.kind.block, kind.block, `${path}.`);
      if (isBlocks(input.kind) && typeof kind === "object" && "blocks" in kind) return disagreements(input.kind.blocks, kind.blocks, `${path}[].`);
      return [];
    }),
    ...surplus.map((name) => `${before}${name} is no input of the package`),
  ];
}

function says(kind: string, required: boolean): string {
  return `${kind}, ${required ? "required" : "optional"}`;
}

function nameOf(kind: Documented["kind"]): string {
  return typeof kind === "string" ? kind : Object.keys(kind).join();
}

function kindName(kind: Kind): string {
  const names: Readonly<Record<string, string>> = { string: "string", bool: "boolean", int: "number", strings: "list", stringMap: "map" };
  return typeof kind === "string" ? (names[kind] ?? kind) : Object.keys(kind).join();
}
