import assert from "node:assert/strict";
import { checkIpPools } from "../../../provider/src/ippool/check";

describe("checked IP pools", () => {
  const pool = {
    apiVersion: "projectcalico.org/v3",
    kind: "IPPool",
    metadata: { name: "a" },
    spec: { cidr: "10.0.0.0/16" },
  };

  it("that are accepted come with what Calico would store", () => {
    assert.deepEqual(checkIpPools(JSON.stringify(pool), {}), [
      {
        name: "a",
        ok: true,
        errors: [],
        normalized: {
          cidr: "10.0.0.0/16",
          ipipMode: "Never",
          vxlanMode: "Never",
          blockSize: 26,
          nodeSelector: "all()",
          allowedUses: ["Workload", "Tunnel"],
          assignmentMode: "Automatic",
        },
      },
    ]);
  });

  it("that are refused come with what is wrong, and null where they have no name", () => {
    const [named, nameless] = checkIpPools(
      JSON.stringify([
        { ...pool, spec: {} },
        { ...pool, metadata: {} },
      ]),
      {},
    );
    assert.deepEqual(
      [named?.name, named?.ok, named?.errors.length, named && "normalized" in named],
      ["a", false, 1, false],
    );
    assert.deepEqual([nameless?.name, nameless?.ok, nameless?.errors.length], [null, false, 1]);
  });
});
