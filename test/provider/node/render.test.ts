import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { newPart, partDigest } from "../../../provider/src/node/digest";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { renderWorkload, workloadNamespace } from "../../../provider/src/node/workload";
import type { NodePlan } from "../../../provider/src/plan/node-plan";
import { tries } from "../../support/tries";
import { A, B, C, planOf } from "../../support/node-plans";

function file(part: Part, name: string): string {
  return part.files.find((each) => each.name === name)?.content ?? assert.fail(`${part.name} has no file ${name}`);
}
const state = (part: Part): string[] => file(part, "state").trimEnd().split("\n");

/** What a line of `state` may be made of: nothing here means anything to a shell, to ip's batches or to nft. */
const HARMLESS = /^[a-z]+( [A-Za-z0-9.:/_-]+)+$/;

describe("parts of a node", () => {
  it("a tunnel: device, members, and what each may send", () => {
    assert.deepEqual(state(renderTunnel(planOf("IPIP CrossSubnet"), "IPIP")), [
      "address 10.1.0.10",
      "link ipip tunl0 192.168.0.0 8981",
      "member ipip 10.1.0.10",
      "member ipip 10.1.0.11",
      "member ipip 10.2.0.10",
      "source 10.1.0.11 192.168.0.64/26",
      "source 10.1.0.11 10.1.0.11",
      "source 10.2.0.10 192.168.0.128/26",
      "source 10.2.0.10 10.2.0.10",
    ]);
    assert.deepEqual(state(renderTunnel(planOf("VXLAN Always"), "VXLAN")), [
      "address 10.1.0.10",
      "link vxlan vxlan.calico 192.168.0.0 8951 4096 4789 10.1.0.10 66:00:00:00:00:0a",
      "neigh 192.168.0.64 66:00:00:00:00:0b vxlan.calico",
      "neigh 192.168.0.128 66:00:00:00:00:0c vxlan.calico",
      "fdb 66:00:00:00:00:0b vxlan.calico 10.1.0.11",
      "fdb 66:00:00:00:00:0c vxlan.calico 10.2.0.10",
      "member vxlan 10.1.0.11",
      "member vxlan 10.2.0.10",
      "source 10.1.0.11 192.168.0.64/26",
      "source 10.1.0.11 10.1.0.11",
      "source 10.2.0.10 192.168.0.128/26",
      "source 10.2.0.10 10.2.0.10",
    ]);
  });

  it("both tunnels at once, as while the mode is switched, know the same sources", () => {
    const sources = (part: Part): string[] => state(part).filter((line) => line.startsWith("source "));
    const plan: NodePlan = {
      ...planOf("VXLAN Always"),
      ipip: { address: "192.168.0.1", mtu: 8981 },
      ipipMembers: [A.ip, B.ip, C.ip],
    };
    assert.deepEqual(sources(renderTunnel(plan, "IPIP")), sources(renderTunnel(plan, "VXLAN")));
    assert.deepEqual(sources(renderTunnel(plan, "IPIP")), sources(renderTunnel(planOf("IPIP Always"), "IPIP")));
  });

  it("a VTEP outside its node's blocks is a source of that node's", () => {
    const plan = planOf("VXLAN Always");
    const routes = [
      ...plan.routes,
      {
        dst: "192.168.9.1",
        type: "unicast",
        dev: "vxlan.calico",
        proto: 3,
        onlink: false,
        scope: "link",
        mtu: 8951,
      } as const,
    ];
    const part = renderTunnel(
      { ...plan, routes, neighbours: [...plan.neighbours, { ip: "192.168.9.1", mac: B.mac, dev: "vxlan.calico" }] },
      "VXLAN",
    );
    assert.ok(state(part).includes("source 10.1.0.11 192.168.9.1"));
  });

  it("one source does not lie in another of the same node", () => {
    const plan = planOf("IPIP Always");
    const routes = [
      ...plan.routes,
      { dst: "192.168.0.70", type: "unicast", via: B.ip, dev: "tunl0", proto: 80, onlink: true } as const,
    ];
    assert.deepEqual(
      state(renderTunnel({ ...plan, routes }, "IPIP")).filter((line) => line.startsWith("source 10.1.0.11")),
      ["source 10.1.0.11 192.168.0.64/26", "source 10.1.0.11 10.1.0.11"],
    );
  });

  it("routes in the words of ip route, with NAT sets and blocks", () => {
    const part = renderRoutes(
      { ...planOf("VXLAN CrossSubnet"), allPools: ["192.168.0.0/16", "10.244.0.0/16"] },
      "kind: IPPool\n",
    );
    assert.deepEqual(state(part), [
      "address 10.1.0.10",
      "pool all 192.168.0.0/16",
      "pool all 10.244.0.0/16",
      "pool masquerade 192.168.0.0/16",
      "block 192.168.0.0/26 8951 pool",
      "route blackhole 192.168.0.0/26 proto 80",
      "route unicast 192.168.0.64/26 via 10.1.0.11 dev eth0 proto 80 onlink",
      "route unicast 192.168.0.128/26 via 192.168.0.128 dev vxlan.calico proto 3 onlink mtu 8951",
    ]);
    assert.equal(file(part, "ippools.yaml"), "kind: IPPool\n");
  });

  it("the incarnation of the node's link beside the routes, where the plan has one", () => {
    const lines = (linkIncarnation?: string): string[] =>
      state(renderRoutes({ ...planOf("Never"), linkIncarnation })).filter((line) => line.startsWith("incarnation"));
    assert.deepEqual([lines("3f9a1c2b"), lines()], [["incarnation 3f9a1c2b"], []]);
    assert.equal(
      renderRoutes({ ...planOf("Never"), linkIncarnation: undefined }).digest,
      renderRoutes(planOf("Never")).digest,
    );
  });

  it("IPv6 beside IPv4", () => {
    const plan: NodePlan = {
      ...planOf("Never"),
      vxlan6: {
        name: "vxlan-v6.calico",
        vni: 4096,
        port: 4789,
        local: "2001:db8::10",
        address: "fd00::",
        mac: "66:00:00:00:00:1a",
        mtu: 8931,
      },
      routes: [
        {
          dst: "fd00::40/122",
          type: "unicast",
          via: "fd00::40",
          dev: "vxlan-v6.calico",
          proto: 3,
          onlink: true,
          mtu: 8931,
          metric: 1024,
        },
      ],
      neighbours: [{ ip: "fd00::40", mac: "66:00:00:00:00:1b", dev: "vxlan-v6.calico" }],
      fdb: [{ mac: "66:00:00:00:00:1b", dev: "vxlan-v6.calico", dst: "2001:db8::11" }],
      vxlanMembers: ["2001:db8::11"],
      workloadBlocks: [{ cidr: "fd00::/122", pool: "six", mtu: 8931 }],
    };
    assert.deepEqual(state(renderTunnel(plan, "VXLAN")).slice(0, 2), ["address 10.1.0.10", "address 2001:db8::10"]);
    assert.ok(state(renderTunnel(plan, "VXLAN")).includes("source 2001:db8::11 fd00::40/122"));
    assert.ok(
      state(renderRoutes(plan)).includes(
        "route unicast fd00::40/122 via fd00::40 dev vxlan-v6.calico proto 3 metric 1024 onlink mtu 8931",
      ),
    );
    const ptp = JSON.parse(file(renderRoutes(plan), "ptp.json"));
    assert.deepEqual(ptp.ipam.ranges, [
      [{ subnet: "8000::/1", rangeStart: "fd00::1", rangeEnd: "fd00::3f", gateway: "fe80::1" }],
    ]);
  });

  describe("CNI configuration", () => {
    const ranges = (plan: NodePlan): unknown => JSON.parse(file(renderRoutes(plan), "ptp.json")).ipam.ranges[0];
    const block = (cidr: string): NodePlan["workloadBlocks"] => [{ cidr, pool: "pool", mtu: 8951 }];

    it("gives out the block but for the tunnel devices' addresses", () => {
      const plan = { ...planOf("VXLAN Always"), ipip: { address: "192.168.0.7", mtu: 8981 } };
      const range = (rangeStart: string, rangeEnd: string): object => ({
        subnet: "128.0.0.0/1",
        rangeStart,
        rangeEnd,
        gateway: "169.254.1.1",
      });
      assert.deepEqual(ranges(plan), [range("192.168.0.1", "192.168.0.6"), range("192.168.0.8", "192.168.0.63")]);
    });

    it("has a gateway within the subnet, for pools of all ranges", () => {
      const gateway = (plan: NodePlan): unknown =>
        (ranges(plan) as { subnet: string; gateway: string }[]).map(({ subnet, gateway }) => `${subnet} ${gateway}`);
      assert.deepEqual(gateway({ ...planOf("Never"), workloadBlocks: block("172.20.0.0/26") }), [
        "128.0.0.0/1 169.254.1.1",
      ]);
      assert.deepEqual(
        gateway({
          ...planOf("Never"),
          ipip: { address: "10.244.0.64", mtu: 8981 },
          workloadBlocks: block("10.244.0.64/26"),
        }),
        ["8.0.0.0/5 10.244.0.64"],
      );
      assert.deepEqual(gateway({ ...planOf("Never"), workloadBlocks: block("100.64.0.0/26") }), [
        "64.0.0.0/2 100.64.0.63",
      ]);
    });

    it("has the least of its blocks' MTUs, which every workload of the node can send", () => {
      const [small, large] = [1450, 8951].map((mtu, i) => ({ cidr: `192.168.${i}.0/26`, pool: `p${i}`, mtu }));
      assert.ok(small !== undefined && large !== undefined);
      for (const workloadBlocks of [
        [small, large],
        [large, small],
      ]) {
        const part = renderRoutes({ ...planOf("VXLAN Always"), workloadBlocks });
        assert.equal(JSON.parse(file(part, "ptp.json")).mtu, 1450);
        assert.equal(JSON.parse(file(part, "10-overlaynet.conflist")).plugins[0].mtu, 1450);
      }
    });

    it("is the same for container engines, as a list", () => {
      const part = renderRoutes(planOf("VXLAN Always"));
      const { cniVersion, name, ...plugin } = JSON.parse(file(part, "ptp.json"));
      assert.deepEqual(JSON.parse(file(part, "10-overlaynet.conflist")), { cniVersion, name, plugins: [plugin] });
      assert.equal(name, "overlaynet");
    });

    it("is not there on a node without blocks", () => {
      assert.deepEqual(
        renderRoutes({ ...planOf("Never"), workloadBlocks: [] }).files.map(({ name }) => name),
        ["state"],
      );
    });
  });

  it("a workload, in a block of its node", () => {
    const part = renderWorkload({
      name: "web-1",
      pool: "my.pool",
      address: "192.168.0.5",
      mtu: 8951,
      plan: planOf("Never"),
    });
    assert.equal(part.name, "workload-web-1");
    assert.deepEqual(state(part), ["workload web-1 192.168.0.5 8951 my.pool"]);
    assert.equal(workloadNamespace("web-1"), "wl-web-1");
    assert.throws(
      () => renderWorkload({ name: "web", pool: "p", address: "192.168.0.64", mtu: 8951, plan: planOf("Never") }),
      /address 192\.168\.0\.64 of workload web is in no block of node a/,
    );
  });

  it("refuses a tunnel that the plan does not have", () => {
    assert.throws(() => renderTunnel(planOf("Never"), "IPIP"), /the plan of node a has no IPIP tunnel/);
    assert.throws(() => renderTunnel(planOf("IPIP Always"), "VXLAN"), /the plan of node a has no VXLAN tunnel/);
  });

  describe("digest", () => {
    it("is what sha256sum makes of the folder", () => {
      const dir = mkdtempSync(join(tmpdir(), "overlaynet-part-"));
      const part = renderRoutes(planOf("VXLAN Always"), "text ü\n");
      for (const { name, content } of part.files) writeFileSync(join(dir, name), content);
      assert.equal(
        execFileSync("sh", ["-c", "LC_ALL=C; export LC_ALL; sha256sum -- * | sha256sum"], {
          cwd: dir,
          encoding: "utf8",
        }).slice(0, 64),
        part.digest,
      );
      rmSync(dir, { recursive: true });
    });

    it("knows names from contents, and no order", () => {
      const [one, two] = [
        { name: "a", content: "1" },
        { name: "b", content: "2" },
      ] as const;
      assert.equal(partDigest([one, two]), partDigest([two, one]));
      assert.notEqual(
        partDigest([one, two]),
        partDigest([
          { name: "a", content: "2" },
          { name: "b", content: "1" },
        ]),
      );
      assert.notEqual(partDigest([one]), partDigest([one, two]));
      assert.equal(
        partDigest([one]),
        createHash("sha256")
          .update(`${createHash("sha256").update("1").digest("hex")}  a\n`)
          .digest("hex"),
      );
    });
  });

  describe("whatever a plan holds", () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        "",
        " ",
        "a b",
        "$(reboot)",
        "`id`",
        "x;reboot",
        "10.0.0.1; reboot",
        "10.0.0.1\nroute add default via 1.2.3.4",
        "../../etc",
        "-force",
        "'",
        '"',
        "\0",
        "10.0.0.256",
        "10.0.0.1/33",
        "::1%eth0",
        "eth0 table 5",
        "é",
      ),
      fc.string({ maxLength: 24 }),
    );
    /** The render functions, each with one property of the plan set. */
    const places: readonly [string, (text: string) => Part][] = [
      ["ip", (ip) => renderRoutes({ ...planOf("Never"), ip })],
      ["ipip address", (address) => renderTunnel({ ...planOf("IPIP Always"), ipip: { address, mtu: 8981 } }, "IPIP")],
      ["member", (member) => renderTunnel({ ...planOf("IPIP Always"), ipipMembers: [member] }, "IPIP")],
      ["vxlan name", (name) => renderTunnel(withVxlan({ name }), "VXLAN")],
      ["vxlan mac", (mac) => renderTunnel(withVxlan({ mac }), "VXLAN")],
      ["vxlan local", (local) => renderTunnel(withVxlan({ local }), "VXLAN")],
      [
        "neighbour",
        (ip) =>
          renderTunnel({ ...planOf("VXLAN Always"), neighbours: [{ ip, mac: A.mac, dev: "vxlan.calico" }] }, "VXLAN"),
      ],
      [
        "fdb device",
        (dev) => renderTunnel({ ...planOf("VXLAN Always"), fdb: [{ mac: A.mac, dev, dst: B.ip }] }, "VXLAN"),
      ],
      [
        "route dst",
        (dst) => renderRoutes({ ...planOf("Never"), routes: [{ dst, type: "blackhole", proto: 80, onlink: false }] }),
      ],
      [
        "route via",
        (via) =>
          renderRoutes({
            ...planOf("Never"),
            routes: [{ dst: B.block, type: "unicast", via, dev: "eth0", proto: 80, onlink: true }],
          }),
      ],
      [
        "route dev",
        (dev) =>
          renderRoutes({
            ...planOf("Never"),
            routes: [{ dst: B.block, type: "unicast", via: B.ip, dev, proto: 80, onlink: true }],
          }),
      ],
      ["incarnation", (linkIncarnation) => renderRoutes({ ...planOf("Never"), linkIncarnation })],
      ["pool", (cidr) => renderRoutes({ ...planOf("Never"), allPools: [cidr] })],
      ["masquerade", (cidr) => renderRoutes({ ...planOf("Never"), masqueradePools: [cidr] })],
      ["block", (cidr) => renderRoutes({ ...planOf("Never"), workloadBlocks: [{ cidr, pool: "pool", mtu: 1500 }] })],
      [
        "block's pool",
        (pool) => renderRoutes({ ...planOf("Never"), workloadBlocks: [{ cidr: A.block, pool, mtu: 1500 }] }),
      ],
      ["workload name", (name) => renderWorkload({ name, pool: "pool", address: "192.168.0.5", mtu: 1500 })],
      ["workload pool", (pool) => renderWorkload({ name: "web", pool, address: "192.168.0.5", mtu: 1500 })],
      ["workload address", (address) => renderWorkload({ name: "web", pool: "pool", address, mtu: 1500 })],
      ["file name", (name) => newPart("routes", [{ name, content: "" }])],
      ["part name", (name) => newPart(name, [])],
    ];
    function withVxlan(change: Partial<NonNullable<NodePlan["vxlan"]>>): NodePlan {
      const plan = planOf("VXLAN Always");
      return plan.vxlan === undefined ? plan : { ...plan, vxlan: { ...plan.vxlan, ...change } };
    }

    for (const [place, render] of places) {
      it(`${place}: refused, or harmless in every line`, () => {
        fc.assert(
          fc.property(hostile, (text) => {
            let part: Part;
            try {
              part = render(text);
            } catch (error) {
              assert.ok(error instanceof RangeError, String(error));
              return;
            }
            assert.match(part.name, /^[a-z0-9-]{1,40}$/);
            for (const { name, content } of part.files) {
              assert.match(name, /^[A-Za-z0-9._-]+$/);
              if (name === "state") for (const line of content.trimEnd().split("\n")) assert.match(line, HARMLESS);
            }
          }),
          { numRuns: tries(300) },
        );
      });
    }

    it("numbers: refused where they are none, or out of range", () => {
      for (const wrong of [NaN, Infinity, -1, 1.5, 67, 65536]) {
        assert.throws(
          () => renderTunnel({ ...planOf("IPIP Always"), ipip: { address: A.vtep, mtu: wrong } }, "IPIP"),
          /MTU .* is not 68 to 65535/,
        );
      }
      for (const wrong of [0, 16777216, NaN])
        assert.throws(() => renderTunnel(withVxlan({ vni: wrong }), "VXLAN"), /VNI .* is not 1 to 16777215/);
      for (const wrong of [0, 65536, 0.1])
        assert.throws(() => renderTunnel(withVxlan({ port: wrong }), "VXLAN"), /VXLAN port .* is not 1 to 65535/);
    });
  });
});
