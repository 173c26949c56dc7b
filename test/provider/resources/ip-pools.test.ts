import assert from "node:assert/strict";
import type { CheckResult } from "../../../provider/src/resources/custom-resource";
import type { IpPoolsInputs } from "../../../provider/src/generated/resource-types";
import { ipPools } from "../../../provider/src/resources/ip-pools";
import { UNKNOWN } from "../../../wire/property-value";
import { contextOf } from "../../support/context";
import { manifest } from "../../support/ip-pool";

async function check(inputs: IpPoolsInputs): Promise<CheckResult<IpPoolsInputs>> {
  assert.ok(ipPools.check);
  return ipPools.check(inputs, undefined, contextOf());
}

describe("IpPools", () => {
  it("gives the pools in preview", async () => {
    const { outputs } = await ipPools.create({ manifests: manifest() }, contextOf({ preview: true }));
    assert.ok(outputs.pools !== UNKNOWN);
    assert.deepEqual(
      outputs.pools.map(({ name, ipipMode, blockSize }) => [name, ipipMode, blockSize]),
      [["ippool-cross-subnet-1", "CrossSubnet", 26]],
    );
  });

  it("passes a good manifest", async () => {
    assert.deepEqual((await check({ manifests: manifest(), source: "pools.yaml" })).failures, []);
  });

  it("refuses each bad one at its field, with file, line and column", async () => {
    const bad: readonly (readonly [string, Record<string, unknown>])[] = [
      ["ipPools[0].spec", { vxlanMode: "Always" }],
      ["ipPools[0].spec.cidr", { cidr: "192.168.0.1/16" }],
      ["ipPools[0].spec.ipipMode", { cidr: "fd00::/48" }],
      ["ipPools[0].spec.colour", { colour: "blue" }],
    ];
    for (const [path, spec] of bad) {
      const { failures } = await check({ manifests: manifest(spec), source: "pools.yaml" });
      assert.ok(failures.length > 0, path);
      for (const { property, reason } of failures) {
        assert.ok(property.startsWith(path), `${property} is not at ${path}`);
        assert.match(reason, / \(pools\.yaml:\d+:\d+\)$/);
      }
    }
  });

  it("says all problems of all documents at once", async () => {
    const { failures } = await check({
      manifests: `${manifest({ blockSize: 33 })}---\n${manifest({ cidr: "10.0.0.0/40" }, "second")}`,
    });
    assert.deepEqual(
      new Set(failures.map(({ property }) => /^ipPools\[\d\]/.exec(property)?.[0])),
      new Set(["ipPools[0]", "ipPools[1]"]),
    );
    for (const { reason } of failures) assert.match(reason, / \(line \d+:\d+\)$/);
  });

  it("refuses of a running pool what Calico refuses, in its words, with the way there", async () => {
    const update = async (spec: Record<string, unknown>, name?: string): Promise<string[]> => {
      const old = { manifests: manifest() };
      const inputs = { manifests: manifest(spec, name), source: "pools.yaml" };
      const { failures } = (await ipPools.check?.(inputs, old, contextOf())) ?? assert.fail();
      return failures.map(({ property, reason }) => `${property}: ${reason}`);
    };
    const cidr = await update({ cidr: "10.244.0.0/16" });
    assert.match(cidr.join(), /^ipPools\[0\]\.spec\.cidr: IPPool CIDR cannot be modified/);
    assert.match(cidr.join(), /Add a pool under another name, disable this one, .*\(pools\.yaml:\d+:\d+\)$/);
    assert.match(
      (await update({ blockSize: 27 })).join(),
      /^ipPools\[0\]\.spec\.blockSize: IPPool BlockSize cannot be/,
    );
    for (const spec of [{}, { ipipMode: "Always" }, { disabled: true }, { nodeSelector: "rack == '7'" }])
      assert.deepEqual(await update(spec), []);
    assert.deepEqual(await update({}, "another"), [], "a new name is a new pool");
    assert.match((await update({ cidr: "10.244.0.1/16" })).join(), /^ipPools\[0\]\.spec\.cidr: (?!IPPool CIDR cannot)/);
  });

  it("waits for a text that is not known yet", async () => {
    assert.deepEqual((await check({ manifests: UNKNOWN })).failures, []);
    assert.equal((await ipPools.create({ manifests: UNKNOWN }, contextOf({ preview: true }))).outputs.pools, UNKNOWN);
  });

  it("differs when the text does", async () => {
    const inputs = { manifests: manifest() };
    const outputs = (await ipPools.create(inputs, contextOf())).outputs;
    assert.ok(outputs.pools !== UNKNOWN);
    const old = { id: "ip-pools", inputs, outputs: { ...inputs, pools: outputs.pools } };
    assert.equal((await ipPools.diff(old, inputs, contextOf())).changes.size, 0);
    assert.deepEqual(
      [...(await ipPools.diff(old, { manifests: manifest({ ipipMode: "Always" }) }, contextOf())).changes.keys()],
      ["manifests"],
    );
  });
});
