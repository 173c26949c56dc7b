import assert from "node:assert/strict";
import { assignBlocks } from "../../../provider/src/ipam/blocks";
import {
  type AssignTunnelAddressesArgs,
  assignTunnelAddresses,
  type TunnelAddresses,
} from "../../../provider/src/ipam/tunnel-addresses";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { ipPool } from "../../support/ip-pool";

function tunnels(
  pools: readonly IpPool[],
  rest: Partial<AssignTunnelAddressesArgs> = {},
): Record<string, TunnelAddresses> {
  const nodes = rest.nodes ?? [{ name: "a" }, { name: "b" }];
  const { blocks } = assignBlocks({ pools, nodes });
  return Object.fromEntries(assignTunnelAddresses({ pools, nodes, blocks, ...rest }));
}

describe("tunnel addresses", () => {
  it("are the first of the node's first block", () => {
    assert.deepEqual(tunnels([ipPool({ ipipMode: "Always" })]), {
      a: { ipipTunnelAddr: "192.168.0.0" },
      b: { ipipTunnelAddr: "192.168.0.64" },
    });
    assert.deepEqual(tunnels([ipPool({ vxlanMode: "CrossSubnet" })]).b, { vxlanTunnelAddr: "192.168.0.64" });
    assert.deepEqual(tunnels([ipPool({ cidr: "fd00::/112", blockSize: 122, vxlanMode: "Always" })]).b, {
      vxlanTunnelAddr6: "fd00::40",
    });
  });

  it("one for each encapsulation, from the first pool that has it", () => {
    const pools = [
      ipPool({ name: "plain", cidr: "10.0.0.0/16" }),
      ipPool({ name: "vxlan", cidr: "10.1.0.0/16", vxlanMode: "Always" }),
      ipPool({ name: "ipip", cidr: "10.2.0.0/16", ipipMode: "Always" }),
      ipPool({ name: "late", cidr: "10.3.0.0/16", ipipMode: "CrossSubnet" }),
    ];
    assert.deepEqual(tunnels(pools).a, { ipipTunnelAddr: "10.2.0.0", vxlanTunnelAddr: "10.1.0.0" });
  });

  it("come only from pools that are enabled, allow them and select the node", () => {
    assert.deepEqual(tunnels([ipPool()]).a, {});
    assert.deepEqual(tunnels([ipPool({ ipipMode: "Always", allowedUses: ["Workload"] })]).a, {});
    assert.deepEqual(tunnels([ipPool({ ipipMode: "Always", disabled: true })]).a, {});
    const nodes = [{ name: "a" }, { name: "b", labels: { rack: "1" } }];
    assert.deepEqual(tunnels([ipPool({ ipipMode: "Always", nodeSelector: 'rack == "1"' })], { nodes }), {
      a: {},
      b: { ipipTunnelAddr: "192.168.0.0" },
    });
    const pools = [
      ipPool({ name: "work", ipipMode: "Always", allowedUses: ["Workload"] }),
      ipPool({ name: "tunnels", cidr: "10.9.0.0/24", blockSize: 32, ipipMode: "Always", allowedUses: ["Tunnel"] }),
    ];
    assert.deepEqual(tunnels(pools), { a: { ipipTunnelAddr: "10.9.0.0" }, b: { ipipTunnelAddr: "10.9.0.1" } });
  });

  it("stay while they lie in a block that could give them", () => {
    const pools = [ipPool({ ipipMode: "Always" })];
    assert.deepEqual(
      tunnels(pools, {
        previous: new Map([
          ["a", { ipipTunnelAddr: "192.168.0.9" }],
          ["b", { ipipTunnelAddr: "10.0.0.1" }],
        ]),
      }),
      {
        a: { ipipTunnelAddr: "192.168.0.9" },
        b: { ipipTunnelAddr: "192.168.0.64" },
      },
    );
  });

  it("leave the addresses of workloads alone", () => {
    assert.deepEqual(tunnels([ipPool({ ipipMode: "Always" })], { taken: new Set(["192.168.0.0", "192.168.0.1"]) }).a, {
      ipipTunnelAddr: "192.168.0.2",
    });
  });
});
