import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { generatedFiles } from "../../../scripts/generate-types";
import planSchema from "../../../docs/schema/plan.schema.json";
import schema from "../../../provider/schema.json";
import { RANGES } from "../../../provider/src/generated/resource-types";
import { overlaynetPackage } from "../../../provider/src/package";
import { DEFAULT_HOST_MTU } from "../../../provider/src/plan/mtu";
import { ENCAPSULATIONS } from "../../../provider/src/plan/encapsulation";

const ROOT = resolve(__dirname, "../../..");
const version = (file: string): unknown =>
  (JSON.parse(readFileSync(join(ROOT, file), "utf8")) as { version?: unknown }).version;

describe("schema.json", () => {
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

  it("is what the types were generated from", async () => {
    for (const [path, text] of await generatedFiles(schema))
      assert.equal(readFileSync(join(ROOT, path), "utf8"), text, "run npm run generate-types");
  });

  it("says in words what it says in numbers: bounds and defaults", () => {
    const without: string[] = [];
    const look = (group: string, properties: object | undefined): void => {
      for (const [key, spec] of Object.entries(properties ?? {}) as [string, Numbers][]) {
        const { description, minimum, maximum } = spec;
        const range = minimum !== undefined && maximum !== undefined ? [`${minimum} to ${maximum}`] : [];
        const standard =
          spec.default === undefined ? [] : [new RegExp(`Default(?:s to|:) \`?${String(spec.default)}\\b`)];
        if (![...range, ...standard].every((words) => description.match(words) !== null))
          without.push(`${group}.${key}`);
      }
    };
    interface Numbers {
      readonly description: string;
      readonly minimum?: number;
      readonly maximum?: number;
      readonly default?: unknown;
    }
    for (const [token, spec] of Object.entries(schema.types)) look(token, "properties" in spec ? spec.properties : {});
    for (const [token, spec] of Object.entries(schema.resources)) look(token, spec.inputProperties);
    look("provider", schema.provider.inputProperties);
    assert.deepEqual(without, []);
  });

  it("has the provider's configuration twice, as Pulumi wants it, and the same", () => {
    assert.deepEqual(schema.provider.inputProperties, schema.config.variables);
  });

  it("has the plan's own defaults, and the plan command's file has its bounds", () => {
    const { port, vni } = ENCAPSULATIONS.VXLAN.udp;
    const { vxlanVni, vxlanPort, hostMtu } = schema.resources["overlaynet:index:Cluster"].inputProperties;
    assert.deepEqual([vxlanVni.default, vxlanPort.default, hostMtu.default], [vni, port, DEFAULT_HOST_MTU]);
    const { properties } = planSchema.$defs.topology;
    for (const key of ["hostMtu", "vxlanVni", "vxlanPort"] as const) {
      const { minimum, maximum } = properties[key];
      assert.deepEqual({ minimum, maximum }, RANGES.Topology[key]);
    }
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
