import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIpPools } from "../../../provider/src/ippool/parse";
import { printIpPools } from "../../../provider/src/ippool/print";
import { tries } from "../../support/tries";
import { ipPool } from "./pool-arbitrary";

describe("printed IP pools", () => {
  it("are read back as the same pools", () => {
    fc.assert(
      fc.property(fc.array(ipPool, { minLength: 1, maxLength: 4 }), (pools) => {
        const { documents } = parseIpPools(printIpPools(pools));
        assert.deepEqual(
          documents.flatMap((document) => document.problems),
          [],
        );
        assert.deepEqual(
          documents.map((document) => document.pool),
          pools,
        );
      }),
      { numRuns: tries(500) },
    );
  });

  it("stand in Calico's form", () => {
    const { documents } = parseIpPools(
      "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: yes-1}\nspec: {cidr: FD00::/112, vxlanMode: Always, natOutgoing: yes, allowedUses: [Workload], namespaceSelector: has(a)}\n",
    );
    assert.equal(
      printIpPools(documents.flatMap((document) => document.pool ?? [])),
      `apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: yes-1
spec:
  cidr: fd00::/112
  ipipMode: Never
  vxlanMode: Always
  natOutgoing: true
  blockSize: 122
  nodeSelector: all()
  namespaceSelector: has(a)
  allowedUses:
    - Workload
  assignmentMode: Automatic
`,
    );
  });

  it("have selectors in one line, however long", () => {
    const nodeSelector = Array.from({ length: 20 }, (_, index) => `has(label-${index})`).join(" || ");
    const [pool] = parseIpPools(
      JSON.stringify({
        apiVersion: "projectcalico.org/v3",
        kind: "IPPool",
        metadata: { name: "a" },
        spec: { cidr: "10.0.0.0/16", nodeSelector },
      }),
    ).documents.flatMap((document) => document.pool ?? []);
    assert.ok(pool);
    assert.ok(printIpPools([pool]).split("\n").includes(`  nodeSelector: ${nodeSelector}`));
    assert.equal(printIpPools([pool, pool]), `${printIpPools([pool])}---\n${printIpPools([pool])}`);
  });
});
