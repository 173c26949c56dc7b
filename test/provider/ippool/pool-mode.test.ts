import assert from "node:assert/strict";
import { poolAllows } from "../../../provider/src/ippool/ippool";
import { isCrossSubnet, modeInWords, poolEncapsulation } from "../../../provider/src/ippool/pool-mode";

describe("a pool's mode", () => {
  for (const [ipipMode, vxlanMode, encapsulation, crossSubnet, words] of [
    ["Never", "Never", "None", false, "ipipMode and vxlanMode Never"],
    ["Always", "Never", "IPIP", false, "ipipMode Always"],
    ["CrossSubnet", "Never", "IPIP", true, "ipipMode CrossSubnet"],
    ["Never", "Always", "VXLAN", false, "vxlanMode Always"],
    ["Never", "CrossSubnet", "VXLAN", true, "vxlanMode CrossSubnet"],
    // Calico refuses both; of pools that are there all the same, Felix looks at vxlanMode first.
    ["Always", "CrossSubnet", "VXLAN", true, "vxlanMode CrossSubnet"],
  ] as const) {
    it(`is ${words} (ipipMode ${ipipMode}, vxlanMode ${vxlanMode})`, () => {
      const pool = { ipipMode, vxlanMode };
      assert.deepEqual(
        [poolEncapsulation(pool), isCrossSubnet(pool), modeInWords(pool)],
        [encapsulation, crossSubnet, words],
      );
    });
  }
});

describe("a pool's uses", () => {
  it("are those that it lists", () => {
    const pool = { allowedUses: ["Workload", "LoadBalancer"] } as const;
    assert.deepEqual(
      (["Workload", "Tunnel", "LoadBalancer"] as const).map((use) => poolAllows(pool, use)),
      [true, false, true],
    );
  });
});
