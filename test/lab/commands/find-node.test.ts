import assert from "node:assert/strict";
import { chooseNode, type LabNode, nameOf } from "../../../lab/src/commands/find-node";

const node = (name: string, id: string, privateIp: string, publicIp = ""): LabNode => ({
  name,
  id,
  privateIp,
  publicIp,
  vpc: "v",
  availabilityZone: "us-east-1a",
  state: "running",
  namespace: "n",
});

describe("the node that a person means", () => {
  const nodes = [
    node("test-blue-a0", "i-1", "10.1.0.4", "203.0.113.1"),
    node("test-green-a0", "i-2", "10.2.0.4"),
    node("a0", "i-3", "10.3.0.4"),
  ];

  for (const [wanted, id] of [
    ["i-2", "i-2"],
    ["test-blue-a0", "i-1"],
    ["10.2.0.4", "i-2"],
    ["203.0.113.1", "i-1"],
    ["blue-a0", "i-1"],
    ["a0", "i-3"],
  ] as const) {
    it(`is ${id} for ${wanted}`, () => assert.equal(chooseNode(nodes, wanted).id, id));
  }

  it("is none when the name is no node's, and the error names those there are", () => {
    assert.throws(() => chooseNode(nodes, "red"), /no node "red"\. There are: test-blue-a0, test-green-a0, a0/);
    assert.throws(() => chooseNode(nodes, ""), /Which node/);
    assert.throws(() => chooseNode([], "red"), /The lab has no nodes/);
  });

  it("is shown by its Name tag without what a terminal would obey", () => {
    const named = (Name: string): string =>
      nameOf({ type: "", id: "i-1", urn: "", inputs: {}, outputs: { tags: { Name } }, internal: {}, created: 0 });
    assert.deepEqual(["blue a0", "узел", "a\nb", "\u001b[2Jgone", "\u202Egnp.exe", "\u009b31m", ""].map(named), [
      "blue a0",
      "узел",
      "a\\u{a}b",
      "\\u{1b}[2Jgone",
      "\\u{202e}gnp.exe",
      "\\u{9b}31m",
      "i-1",
    ]);
  });

  it("is none when several have the name", () => {
    assert.throws(
      () => chooseNode([...nodes, node("other-blue-a0", "i-4", "10.4.0.4")], "blue-a0"),
      /test-blue-a0 \(i-1\) or other-blue-a0 \(i-4\)/,
    );
  });
});
