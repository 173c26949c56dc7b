import assert from "node:assert/strict";
import { exitCode, pathTableLines, reportText } from "../../../provider/src/verify/report";
import { PROBE_KINDS, readPorts, readResults } from "../../../provider/src/verify/script";
import { type RunOnNode, verify } from "../../../provider/src/verify/verify";
import { assertFits } from "../../support/json-schema";
import { smallInventory } from "./inventories";
import { ethernet, ipv4, pcap } from "./packets";

describe("readResults", () => {
  it("reads the lines that a node prints and passes over anything else", () => {
    assert.deepEqual(
      readResults("0 tcp ok 192.168.0.1\n1 udp fail no answer within 3 s \nsudo: noise\n2 nonsense ok\n3 over ok\n"),
      [
        { pair: 0, kind: "tcp", ok: true, text: "192.168.0.1" },
        { pair: 1, kind: "udp", ok: false, text: "no answer within 3 s" },
        { pair: 3, kind: "over", ok: true, text: "" },
      ],
    );
  });
});

describe("readPorts", () => {
  it("reads at which port each workload answers", () => {
    assert.deepEqual(
      [...readPorts("wl-a 40001\nnoise\nwl-b 5\n")],
      [
        ["wl-a", 40001],
        ["wl-b", 5],
      ],
    );
  });
});

const PORT = "40001";

describe("verify", () => {
  /** Nodes that answer as the plan says, told from the scripts they are sent; `dead` is not reached. */
  const nodes = (dead?: string) => {
    const inventory = smallInventory();
    const address = new Map(inventory.workloads.map((w) => [w.namespace, w.address]));
    const wire = [...inventory.paths].map((path) => {
      const from = inventory.workloads.find((w) => w.node === path.from);
      const to = inventory.workloads.find((w) => w.node === path.to);
      assert.ok(from && to);
      const inner = ipv4(from.address, to.address, 1, Buffer.alloc(8));
      return ethernet(path.outer ? ipv4(path.outer.source, path.outer.destination, 4, inner) : inner);
    });
    const flushes: number[] = [];
    return {
      flushes,
      inventory,
      options: {
        probe: "#!/usr/bin/perl\n",
        flush: async () => void flushes.push(1),
        run: async (node: { name: string }, script: string) => {
          if (node.name === dead) throw new Error(`${node.name}: connection refused`);
          if (script.includes("base64")) return pcap(wire).toString("base64");
          if (script.includes("tcpdump -i"))
            return [...script.matchAll(/^serve (\S+)$/gm)].map(([, namespace]) => `${namespace} ${PORT}`).join("\n");
          const pairs = [...script.matchAll(/^ip netns exec (\S+) perl probe pair (\d+) \S+ (\d+) /gm)];
          return pairs
            .flatMap(([, namespace = "", index, port]) => {
              assert.equal(port, PORT);
              return PROBE_KINDS.map(
                (kind) =>
                  `${index} ${kind} ok ${kind === "tcp" || kind === "udp" ? (address.get(namespace) ?? "") : ""}`,
              );
            })
            .join("\n");
        },
      },
    };
  };

  it("is green where every node answers as planned, and flushes before each round", async () => {
    const { inventory, options, flushes } = nodes();
    const report = await verify(inventory, options);
    assert.deepEqual(
      report.pairs.filter((p) => p.verdict === "failed"),
      [],
    );
    assert.equal(report.passed, 6);
    assertFits("verify.schema.json", report);
    assert.equal(flushes.length, 2);
    assert.deepEqual(report.notes, []);
    assert.equal(exitCode(report), 0);
  });

  it("has a node probe a few pairs at a time, and every one of them", async () => {
    const { inventory, options } = nodes();
    const many = Array.from({ length: 9 }, (_, i) =>
      inventory.workloads.map((workload) => ({
        ...workload,
        name: `${workload.name}-${i}`,
        namespace: `${workload.namespace}-${i}`,
      })),
    ).flat();
    const probed: number[] = [];
    const run: RunOnNode = (node, script) => {
      const indices = new Set([...script.matchAll(/perl probe pair (\d+) /gm)].map(([, index]) => index));
      if (indices.size > 0) probed.push(indices.size);
      return options.run(node, script);
    };
    await verify({ ...inventory, workloads: many }, { ...options, run });
    assert.ok(Math.max(...probed) <= 8, String(probed));
    assert.equal(
      probed.reduce((a, b) => a + b, 0),
      9 * 9 * 6,
    );
  });

  it("fails exactly the pairs of a node that cannot be reached, with the reason", async () => {
    const { inventory, options } = nodes("c");
    const report = await verify(inventory, options);
    assert.equal(report.passed, 2);
    assert.equal(report.failed, 4);
    assertFits("verify.schema.json", report);
    for (const pair of report.pairs.filter((p) => p.verdict === "failed"))
      assert.match(pair.reason, /c: connection refused/);
    assert.equal(exitCode(report), 1);
  });

  it("says what it could not prove when nothing can be flushed", async () => {
    const { inventory, options } = nodes();
    const report = await verify(inventory, { probe: options.probe, run: options.run });
    assert.match(reportText(report), /note: tracked flows were not flushed/);
  });

  it("has its own exit code when nothing was tested", async () => {
    const { inventory, options } = nodes();
    assert.equal(exitCode(await verify({ ...inventory, workloads: inventory.workloads.slice(0, 1) }, options)), 2);
  });
});

describe("the path table", () => {
  it("shows pair, encapsulation, next hop, MTU and reason", () => {
    const line = [...pathTableLines(smallInventory().paths)].find((l) => l.startsWith("a     c"));
    assert.match(line ?? "", /IPIP +10\.2\.0\.4 +8981 +CrossSubnet: other subnet/);
  });
});
