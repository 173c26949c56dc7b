import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import schema from "../../../provider/schema.json";
import { overlaynetPackage } from "../../../provider/src/package";
import { pulumiPath } from "../../pulumi-path";

const ROOT = resolve(__dirname, "../../..");
const version = (file: string): unknown =>
  (JSON.parse(readFileSync(join(ROOT, file), "utf8")) as { version?: unknown }).version;

describe("schema.json", () => {
  it("passes Pulumi's check", () => {
    execFileSync("pulumi", ["schema", "check", join(ROOT, "provider/schema.json")], {
      env: { ...process.env, PATH: pulumiPath() },
      stdio: "pipe",
    });
  });

  it("is what the SDK was generated from, with the project's version", () => {
    const digest = createHash("sha256")
      .update(readFileSync(join(ROOT, "provider/schema.json")))
      .digest("hex");
    assert.equal(
      readFileSync(join(ROOT, "sdk/nodejs/schema.sha256"), "utf8"),
      `${digest}  schema.json\n`,
      "run scripts/generate-sdk",
    );
    assert.deepEqual([version("package.json"), version("sdk/nodejs/package.json")], [schema.version, schema.version]);
  });

  it("has no resource that nobody serves, and none is served that it does not have", () => {
    const components = Object.entries(schema.resources)
      .filter(([, spec]) => "isComponent" in spec)
      .map(([token]) => token);
    assert.deepEqual(Object.keys(overlaynetPackage.components), components);
    assert.deepEqual(
      [...components, ...Object.keys(overlaynetPackage.customResources)].toSorted(),
      Object.keys(schema.resources).toSorted(),
    );
  });

  it("describes everything", () => {
    const without: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      const { description, properties, inputProperties, enum: choices } = value as Record<string, unknown>;
      if (typeof description !== "string" || !/[.)]$/.test(description)) without.push(path);
      for (const group of [properties, inputProperties])
        for (const [key, entry] of Object.entries(group ?? {})) visit(entry, `${path}.${key}`);
      for (const choice of Array.isArray(choices) ? choices : [])
        visit(choice, `${path}.${String((choice as { name: unknown }).name)}`);
    };
    for (const [token, spec] of [
      ...Object.entries(schema.types),
      ...Object.entries(schema.resources),
      ["provider", schema.provider] as const,
    ])
      visit(spec, token);
    for (const [key, entry] of Object.entries(schema.config.variables)) visit(entry, `config.${key}`);
    assert.deepEqual(without, []);
  });
});
