import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Part } from "../../../provider/src/node/part";
import { ResourceInitFailed } from "../../../wire/resource-init-failed";
import type { NodeAccess, NodeAccessOptions, SeenPart } from "../../../provider/src/resources/node-access";
import { type OnNodeInputs, partResource, type PartOutputs } from "../../../provider/src/resources/on-node";
import type { SshTarget } from "../../../provider/src/ssh/target";
import { UNKNOWN } from "../../../wire/property-value";
import { contextOf } from "../../support/context";

interface Inputs extends OnNodeInputs {
  readonly text: string;
  readonly kind: string;
  readonly after: string;
}

class Unreachable extends Error {}
class HalfDone extends Error {}

/** Nodes in memory: parts by host, and what was done to them. Each answers later than it is asked, as over a network. */
class FakeNodes implements NodeAccess {
  readonly parts = new Map<string, Map<string, string>>();
  /** Digests of files and what deviates, by part. */
  readonly files = new Map<string, ReadonlyMap<string, string>>();
  readonly deviations = new Map<string, readonly string[]>();
  readonly calls: string[] = [];
  readonly targets: SshTarget[] = [];
  readonly deadlines: number[] = [];
  failure: Error | undefined;

  private async reach(call: string, target: SshTarget, options: NodeAccessOptions): Promise<Map<string, string>> {
    this.calls.push(`${call} ${target.host}`);
    this.targets.push(target);
    this.deadlines.push(options.deadlineMs);
    await new Promise(setImmediate);
    if (this.failure !== undefined) throw this.failure;
    const parts = this.parts.get(target.host) ?? new Map<string, string>();
    this.parts.set(target.host, parts);
    return parts;
  }

  async push(target: SshTarget, part: Part, options: NodeAccessOptions): Promise<void> {
    (await this.reach(`push ${part.name}`, target, options)).set(part.name, part.digest);
  }
  async remove(target: SshTarget, part: string, options: NodeAccessOptions): Promise<void> {
    (await this.reach(`remove ${part}`, target, options)).delete(part);
  }
  async read(target: SshTarget, options: NodeAccessOptions): Promise<ReadonlyMap<string, SeenPart>> {
    const parts = await this.reach("read", target, options);
    return new Map(
      [...parts].map(([name, digest]) => [
        name,
        {
          digest,
          files: this.files.get(name) ?? new Map<string, string>(),
          deviations: this.deviations.get(name) ?? [],
        },
      ]),
    );
  }
  async readHostKey(): Promise<string> {
    throw new Error("no part asks for a host key");
  }
  isOwnedByOther = (error: unknown): boolean => error instanceof Error && error.message.startsWith("owned");
  isPartial = (error: unknown): boolean => error instanceof HalfDone;
  isUnreachable = (error: unknown): boolean => error instanceof Unreachable;
}

const filesOf = (text: string): Record<string, string> => ({ text: digestOf(text).slice(0, 16) });
const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex");

function resourceOn(
  nodes: FakeNodes,
  isFound: (inputs: Inputs) => boolean = () => true,
): ReturnType<typeof partResource<Inputs, PartOutputs>> {
  return partResource<Inputs, PartOutputs>(
    {
      title: ({ kind }) => kind,
      partName: ({ kind }) => kind,
      madeFrom: ["text"],
      isFound,
      identity: ["kind"],
      render({ kind, text }) {
        if (text === "bad") throw new RangeError("bad is no text");
        return text === "nothing"
          ? undefined
          : { name: kind, files: [{ name: "text", content: text }], digest: digestOf(text) };
      },
      outputs: (part) => part,
    },
    nodes,
  );
}

const CONNECTION: SshTarget = {
  host: "10.1.0.4",
  port: 22,
  user: "root",
  privateKey: "SECRET-KEY",
  hostKey: "ssh-ed25519 AAAA",
};
const INPUTS: Inputs = {
  node: "blue-0",
  incarnation: "i-1",
  connection: CONNECTION,
  text: "one",
  kind: "routes",
  after: "x",
};
const OLD = { id: "blue-0/routes", inputs: INPUTS, outputs: { digest: digestOf("one"), files: filesOf("one") } };

describe("a part on a node", () => {
  it("is pushed when created, and its digest is the output", async () => {
    const nodes = new FakeNodes();
    assert.deepEqual(await resourceOn(nodes).create(INPUTS, contextOf()), { id: OLD.id, outputs: OLD.outputs });
    assert.deepEqual(nodes.calls, ["push routes 10.1.0.4"]);
    assert.equal(nodes.parts.get("10.1.0.4")?.get("routes"), digestOf("one"));
  });

  it("is known in preview without a connection, as far as it can be computed", async () => {
    const nodes = new FakeNodes();
    const preview = contextOf({ preview: true });
    assert.deepEqual(
      (
        await resourceOn(nodes).create(
          { ...INPUTS, incarnation: UNKNOWN, connection: { ...CONNECTION, host: UNKNOWN } },
          preview,
        )
      ).outputs,
      OLD.outputs,
    );
    assert.deepEqual((await resourceOn(nodes).create({ ...INPUTS, text: UNKNOWN }, preview)).outputs, {
      digest: UNKNOWN,
      files: UNKNOWN,
    });
    assert.deepEqual(await resourceOn(nodes).update(OLD, { ...INPUTS, text: "two" }, preview), {
      digest: digestOf("two"),
      files: filesOf("two"),
    });
    assert.deepEqual(nodes.calls, []);
  });

  it("differs by what stands on the node alone: a new host, key, proxy command or predecessor pushes nothing", async () => {
    const resource = resourceOn(new FakeNodes());
    const elsewhere = { ...CONNECTION, host: "10.9.9.9", privateKey: "another", proxyCommand: "nc %h %p" };
    assert.equal(
      (await resource.diff(OLD, { ...INPUTS, connection: elsewhere, after: "y" }, contextOf())).changes.size,
      0,
    );
    const diff = await resource.diff(OLD, { ...INPUTS, text: "two" }, contextOf());
    assert.deepEqual(
      [diff.changes, diff.replaces, diff.outputChanges],
      [new Map([["digest", "update"]]), [], ["digest"]],
    );
  });

  it("comes to a new instance, and asks nobody to take it off the former one, which is no more", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    for (const incarnation of ["i-2", UNKNOWN]) {
      const diff = await resource.diff(OLD, { ...INPUTS, incarnation }, contextOf());
      assert.deepEqual([diff.changes, diff.replaces], [new Map([["incarnation", "update"]]), []]);
    }
    assert.deepEqual(
      await resource.update(
        OLD,
        { ...INPUTS, incarnation: "i-2", connection: { ...CONNECTION, host: "10.1.0.5" } },
        contextOf(),
      ),
      OLD.outputs,
    );
    assert.deepEqual(nodes.calls, ["push routes 10.1.0.5"]);
  });

  it("is replaced on another node, or as another part; the old one first where both are the same on the node", async () => {
    const resource = resourceOn(new FakeNodes());
    const moved = await resource.diff(OLD, { ...INPUTS, node: "blue-1" }, contextOf());
    assert.deepEqual([moved.replaces, moved.deleteBeforeReplace], [["node"], true]);
    const other = await resource.diff(OLD, { ...INPUTS, kind: "tunnel" }, contextOf());
    assert.deepEqual([other.replaces, other.deleteBeforeReplace], [["kind"], false]);
  });

  it("may differ as long as it is not known", async () => {
    const diff = await resourceOn(new FakeNodes()).diff(OLD, { ...INPUTS, text: UNKNOWN }, contextOf());
    assert.deepEqual([diff.changes, diff.replaces], [new Map([["text", "update"]]), []]);
  });

  it("shows what was changed on the node, and the next update mends it", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    await resource.create(INPUTS, contextOf());
    assert.deepEqual(await resource.read(OLD, contextOf()), OLD.outputs);
    nodes.parts.get("10.1.0.4")?.set("routes", "meddled");
    const context = contextOf();
    const outputs = await resource.read(OLD, context);
    assert.deepEqual(outputs, { ...OLD.outputs, digest: "meddled" });
    assert.deepEqual(context.logs, [
      "warning: routes of node blue-0 is not what was brought there (meddled); the next update mends it",
    ]);
    const drifted = { ...OLD, outputs: { ...OLD.outputs, digest: "meddled" } };
    assert.deepEqual([...(await resource.diff(drifted, INPUTS, contextOf())).changes.keys()], ["digest"]);
    assert.deepEqual(await resource.update(drifted, INPUTS, contextOf()), OLD.outputs);
    assert.equal(nodes.parts.get("10.1.0.4")?.get("routes"), digestOf("one"));
  });

  it("is told by what was changed: files, and what Linux holds otherwise", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    nodes.parts.set("10.1.0.4", new Map([["routes", "meddled"]]));
    const seen = async (files: Record<string, string>, ...deviations: string[]): Promise<unknown> => {
      nodes.files.set("routes", new Map(Object.entries(files)));
      nodes.deviations.set("routes", deviations);
      return (await resource.read(OLD, contextOf()))?.digest;
    };
    assert.equal(await seen({ text: digestOf("two"), more: digestOf("") }), "files: more is foreign, text was edited");
    assert.equal(
      await seen({ other: digestOf("one") }, "ip route add a", "ip route add b"),
      "files: other is foreign, text is missing; deviates: ip route add a; ip route add b",
    );
    nodes.parts.get("10.1.0.4")?.set("routes", digestOf("one"));
    assert.equal(await seen({ text: digestOf("one") }, ..."abcdef"), "deviates: a; b; c; d; and 2 more");
    assert.equal(await seen({ text: digestOf("one") }), digestOf("one"));
  });

  it("is gone when it is not on the node", async () => {
    const context = contextOf();
    assert.equal(await resourceOn(new FakeNodes()).read(OLD, context), undefined);
    assert.deepEqual(context.logs, ["warning: routes of node blue-0 is not there any more; the next update mends it"]);
  });

  it("is removed when deleted, with the inputs of last time", async () => {
    const nodes = new FakeNodes();
    nodes.parts.set(
      "10.1.0.4",
      new Map([
        ["routes", "x"],
        ["tunnel", "y"],
      ]),
    );
    await resourceOn(nodes).delete(OLD, contextOf());
    assert.deepEqual([...(nodes.parts.get("10.1.0.4")?.keys() ?? [])], ["tunnel"]);
  });

  it("is nothing when the node could not be reached, and half there when it was", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    nodes.failure = new Unreachable("no route to 10.1.0.4");
    await assert.rejects(resource.create(INPUTS, contextOf()), (error) => {
      assert.ok(error instanceof Error && !(error instanceof ResourceInitFailed));
      assert.equal(error.message, "routes of node blue-0 could not be brought there: no route to 10.1.0.4");
      return true;
    });
    nodes.failure = new HalfDone("exit code 1");
    for (const attempt of [
      () => resource.create(INPUTS, contextOf()),
      () => resource.update(OLD, { ...INPUTS, text: "two" }, contextOf()),
    ]) {
      await assert.rejects(attempt, (error) => {
        assert.ok(error instanceof ResourceInitFailed);
        assert.equal(error.message, "routes of node blue-0 is not in force: exit code 1");
        assert.deepEqual([error.id, error.outputs["digest"]], [OLD.id, ""]);
        return true;
      });
    }
    const healing = await resource.diff({ ...OLD, outputs: { digest: "", files: {} } }, INPUTS, contextOf());
    assert.deepEqual([...healing.changes.keys()], ["digest"]);
  });

  it("stays as it was, with a warning, when a refresh cannot reach the node; unless such nodes are to be given up", async () => {
    const nodes = new FakeNodes();
    nodes.failure = new Unreachable("no route to 10.1.0.4");
    const context = contextOf();
    assert.deepEqual(await resourceOn(nodes).read(OLD, context), OLD.outputs);
    assert.match(
      context.logs.join(),
      /^warning: taken as unchanged: no route to 10\.1\.0\.4\. .*OVERLAYNET_DELETE_UNREACHABLE=true/,
    );
    assert.equal(
      await resourceOn(nodes).read(OLD, contextOf({ config: { sshDeadline: 300, deleteUnreachable: true } })),
      undefined,
    );
    nodes.failure = new Error("the host key is another one");
    await assert.rejects(resourceOn(nodes).read(OLD, contextOf()), /host key/);
  });

  it("cannot be deleted from a node that does not answer, and the error says how to go on", async () => {
    const nodes = new FakeNodes();
    nodes.failure = new Unreachable("no route to 10.1.0.4");
    await assert.rejects(
      resourceOn(nodes).delete(OLD, contextOf()),
      /^Error: routes of node blue-0 could not be removed: no route to 10\.1\.0\.4\. .*OVERLAYNET_DELETE_UNREACHABLE=true/,
    );
    const context = contextOf({ config: { sshDeadline: 300, deleteUnreachable: true } });
    await resourceOn(nodes).delete(OLD, context);
    assert.match(context.logs.join(), /^warning: .*taken as deleted/);
    nodes.failure = new Error("sudo: a password is required");
    await assert.rejects(resourceOn(nodes).delete(OLD, context), /sudo/);
  });

  describe("whose inputs refer to what this process does not know", () => {
    const lost = resourceOn(new FakeNodes(), () => false);

    it("is as it was as long as the reference is the same, and may differ otherwise", async () => {
      assert.equal((await lost.diff(OLD, INPUTS, contextOf())).changes.size, 0);
      assert.deepEqual([...(await lost.diff(OLD, { ...INPUTS, text: "two" }, contextOf())).changes.keys()], ["text"]);
    });

    it("is shown as changed where a refresh found it changed", async () => {
      for (const digest of ["files: text was edited", "deviates: a", "skipped", ""]) {
        const drifted = { ...OLD, outputs: { ...OLD.outputs, digest } };
        assert.deepEqual([...(await lost.diff(drifted, INPUTS, contextOf())).changes.keys()], ["digest"]);
      }
    });

    it("is read by the files that the state keeps", async () => {
      const nodes = new FakeNodes();
      nodes.parts.set("10.1.0.4", new Map([["routes", "meddled"]]));
      nodes.files.set("routes", new Map([["text", digestOf("two")]]));
      const outputs = await resourceOn(nodes, () => false).read(OLD, contextOf());
      assert.equal(outputs?.digest, "files: text was edited");
    });
  });

  describe("where unreachable nodes are to be skipped", () => {
    const skipping: Inputs = { ...INPUTS, unreachable: "Skip" };
    const skipped = { ...OLD, inputs: skipping, outputs: { digest: "skipped", files: {} } };

    it("goes on with a warning, records it, and comes there with the next update", async () => {
      const nodes = new FakeNodes();
      const resource = resourceOn(nodes);
      nodes.failure = new Unreachable("no route to 10.1.0.4");
      const context = contextOf();
      assert.deepEqual((await resource.create(skipping, context)).outputs, skipped.outputs);
      assert.match(context.logs.join(), /^warning: .*no route to 10\.1\.0\.4; skipped, the next update tries again$/);
      assert.deepEqual([...(await resource.diff(skipped, skipping, contextOf())).changes.keys()], ["digest"]);
      nodes.failure = undefined;
      assert.deepEqual(await resource.read(skipped, contextOf()), skipped.outputs, "a refresh does not lose it");
      assert.deepEqual(await resource.update(skipped, skipping, contextOf()), OLD.outputs);
    });

    it("waits for a node once in an update, not once for each part", async () => {
      const nodes = new FakeNodes();
      const resource = resourceOn(nodes);
      nodes.failure = new Unreachable("no route to 10.1.0.4");
      const { config } = contextOf();
      await resource.create(skipping, contextOf({ config }));
      await resource.create({ ...skipping, kind: "other" }, contextOf({ config }));
      assert.equal(nodes.calls.length, 1);
      await resource.create(skipping, contextOf({ config: { ...config } }));
      assert.equal(nodes.calls.length, 2, "the next update asks again");
    });

    it("takes what stood there for deleted, with a warning", async () => {
      const nodes = new FakeNodes();
      nodes.failure = new Unreachable("no route to 10.1.0.4");
      const context = contextOf();
      await resourceOn(nodes).delete({ ...OLD, inputs: skipping }, context);
      assert.match(context.logs.join(), /^warning: .* could not be removed: .*; skipped/);
    });

    it("fails for any other reason all the same", async () => {
      const nodes = new FakeNodes();
      nodes.failure = new HalfDone("exit code 1");
      await assert.rejects(resourceOn(nodes).create(skipping, contextOf()), ResourceInitFailed);
    });
  });

  it("has gone from a node that belongs to somebody else, and does not come there", async () => {
    const nodes = new FakeNodes();
    nodes.failure = new Error("owned by dev/other");
    const context = contextOf();
    await resourceOn(nodes).delete(OLD, context);
    assert.match(context.logs.join(), /^warning: .* could not be removed: owned by dev\/other; nothing of this stack/);
    await assert.rejects(resourceOn(nodes).update(OLD, { ...INPUTS, text: "two" }, contextOf()), /owned by dev\/other/);
  });

  it("is nothing on a node that needs none, and comes and goes with the need", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    const without = { ...INPUTS, text: "nothing" };
    assert.deepEqual((await resource.create(without, contextOf())).outputs, { digest: "none", files: {} });
    assert.deepEqual(nodes.calls, []);
    const none = { ...OLD, inputs: without, outputs: { digest: "none", files: {} } };
    assert.equal((await resource.diff(none, without, contextOf())).changes.size, 0);
    assert.deepEqual(await resource.read(none, contextOf()), none.outputs);
    assert.deepEqual([...(await resource.diff(none, INPUTS, contextOf())).changes.keys()], ["digest"]);
    assert.deepEqual(await resource.update(none, INPUTS, contextOf()), OLD.outputs);
    assert.deepEqual(await resource.update(OLD, without, contextOf()), none.outputs);
    assert.deepEqual(nodes.calls, ["read 10.1.0.4", "push routes 10.1.0.4", "remove routes 10.1.0.4"]);
    await resource.delete(none, contextOf());
    assert.equal(nodes.calls.length, 3);
  });

  it("is still there when it is needed no more and could not be removed: the update fails", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    await resource.create(INPUTS, contextOf());
    const without = { ...INPUTS, text: "nothing" };
    nodes.failure = new Unreachable("no route to 10.1.0.4");
    await assert.rejects(resource.update(OLD, without, contextOf()), /could not be brought there: no route to 10\.1/);
    nodes.failure = new HalfDone("exit code 1");
    await assert.rejects(resource.update(OLD, without, contextOf()), (error) => error instanceof ResourceInitFailed);
    nodes.failure = undefined;
    assert.deepEqual(await resource.update(OLD, without, contextOf()), { digest: "none", files: {} });
    assert.deepEqual(nodes.parts.get("10.1.0.4"), new Map(), "once the update has ended, so has the part");
  });

  it("is checked before anything is touched", async () => {
    const resource = resourceOn(new FakeNodes());
    assert.ok(resource.check);
    assert.deepEqual((await resource.check({ ...INPUTS, text: "bad" }, undefined, contextOf())).failures, [
      { property: "", reason: "bad is no text" },
    ]);
    assert.deepEqual((await resource.check(INPUTS, undefined, contextOf())).failures, []);
    assert.deepEqual((await resource.check({ ...INPUTS, text: UNKNOWN }, undefined, contextOf())).failures, []);
  });

  it("gives a booting node the whole deadline, customTimeouts first, and one that was there before less", async () => {
    const nodes = new FakeNodes();
    const resource = resourceOn(nodes);
    await resource.create(INPUTS, contextOf());
    await resource.create(INPUTS, contextOf({ timeout: 1200 }));
    await resource.read(OLD, contextOf());
    await resource.delete(OLD, contextOf());
    await resource.delete(OLD, contextOf({ config: { sshDeadline: 5, deleteUnreachable: false } }));
    assert.deepEqual(nodes.deadlines, [300_000, 1_200_000, 30_000, 60_000, 5_000]);
  });

  it("goes through the provider's proxy command unless its connection names one", async () => {
    const nodes = new FakeNodes();
    const config = { sshDeadline: 300, deleteUnreachable: false, proxyCommand: "provider %h" };
    await resourceOn(nodes).create(INPUTS, contextOf({ config }));
    await resourceOn(nodes).create(
      { ...INPUTS, connection: { ...CONNECTION, proxyCommand: "own %h" } },
      contextOf({ config }),
    );
    await resourceOn(nodes).create(INPUTS, contextOf());
    assert.deepEqual(
      nodes.targets.map(({ proxyCommand }) => proxyCommand),
      ["provider %h", "own %h", undefined],
    );
  });

  it("never shows the private key", async () => {
    const nodes = new FakeNodes();
    const context = contextOf();
    for (const failure of [new Unreachable("no route"), new HalfDone("exit code 1")]) {
      nodes.failure = failure;
      await resourceOn(nodes)
        .create(INPUTS, context)
        .catch((error: unknown) => void context.logs.push(String(error)));
      await resourceOn(nodes)
        .read(OLD, context)
        .catch((error: unknown) => void context.logs.push(String(error)));
    }
    assert.ok(context.logs.length > 0);
    assert.doesNotMatch([...context.logs, ...context.statuses].join("\n"), /SECRET-KEY/);
  });
});
