import assert from "node:assert/strict";
import { resolve } from "node:path";
import { cyclesIn, importsOf, readModules, roomOf, type Rooms, wrongImports } from "./module-graph";

/** The arrows of docs/architecture.md, held against what the files import. */
const ROOT = resolve(__dirname, "..");
const FOLDERS = ["provider/src", "lab/src", "cli/src", "wire", "terminal"];

/** No Pulumi, no ssh, no files, no processes. */
const PURE = ["ip-num", "yaml", "fastest-levenshtein", "node:crypto", "node:net", "node:zlib"];

/** Rooms of the provider that know nothing of Pulumi, each above those before it. */
const CORE = ["ippool", "ipam", "plan"].map((name) => `provider/src/${name}`);
/** Words and types without Pulumi or I/O, for pure rooms, too. */
const WORDS = ["wire/input-words", "provider/src/generated/resource-types"];
/** The same, and arguments of components, which may hold outputs of Pulumi's. */
const GENERATED = [...WORDS, "provider/src/generated/component-args"];

const ROOMS: Rooms = {
  "provider/src/ippool": { may: WORDS, packages: PURE },
  "provider/src/ipam": { may: [...CORE.slice(0, 1), ...WORDS], packages: PURE },
  "provider/src/plan": { may: [...CORE.slice(0, 2), ...WORDS], packages: PURE },
  "provider/src/path": { may: [...CORE, ...WORDS], packages: PURE },
  "provider/src/node": { may: [...CORE, ...WORDS], packages: PURE },
  "provider/src/ssh": { may: [...CORE, "provider/src/node", ...WORDS] },
  "provider/src/aws": { may: [...CORE, "provider/src/path", ...GENERATED] },
  "provider/src/verify": {
    may: [...CORE, "provider/src/path", "provider/src/node", "provider/src/ssh", "wire", "terminal", ...GENERATED],
  },
  // What is made of schema.json, and the program's own version in it.
  "provider/src/generated": { may: ["provider/src/resources/child-resource"] },
  "provider/src/version": { may: ["provider/schema.json"] },
  "provider/src/provider-config": { may: ["wire", ...WORDS] },
  "provider/src/resources": {
    may: [
      ...CORE,
      ...["path", "node", "ssh", "aws", "verify", "generated", "version", "provider-config"].map(
        (name) => `provider/src/${name}`,
      ),
      "provider/schema.json",
      "wire",
    ],
  },
  "provider/src/serve": { may: ["provider/src/resources", "provider/src/provider-config", "wire"] },
  "provider/src/package": { may: ["provider/src/resources", "provider/src/serve", "provider/schema.json", "wire"] },
  "provider/src/main": { may: ["provider/src/package", "provider/src/serve"] },
  "provider/src/commands": {
    may: [
      ...CORE,
      ...["path", "node", "ssh", "verify", "version"].map((name) => `provider/src/${name}`),
      "wire",
      "terminal",
      ...WORDS,
    ],
  },

  "lab/src/state": { may: [] },
  // A record is what the model is read of; the rest of state/ is files and locks.
  "lab/src/cloud": { may: ["lab/src/state/record"], packages: PURE },
  "lab/src/reach": { may: ["lab/src/cloud"], packages: PURE },
  "lab/src/node": { may: ["lab/src/state"] },
  "lab/src/fabric": { may: ["lab/src/cloud", "lab/src/state", "lab/src/node"] },
  "lab/src/ec2/engine": {
    may: ["lab/src/cloud", "lab/src/state/record", "lab/src/state/paths", "lab/src/node/node-spec", "wire"],
  },
  "lab/src/ec2/types": {
    may: [
      "lab/src/ec2/engine",
      "lab/src/cloud",
      "lab/src/state/record",
      "lab/src/fabric/names",
      "lab/src/node/node-spec",
      "wire",
    ],
  },
  "lab/src/ec2": {
    may: [
      "lab/src/ec2/engine",
      "lab/src/ec2/types",
      "lab/src/cloud",
      "lab/src/fabric",
      "lab/src/node",
      "lab/src/state",
      "wire",
    ],
  },
  "lab/src/serve": { may: ["lab/src/ec2", "wire"] },
  "lab/src/main": { may: ["lab/src/serve", "lab/src/ec2", "lab/src/state", "wire"] },
  "lab/src/commands": {
    may: [...["cloud", "reach", "fabric", "ec2", "node", "state"].map((name) => `lab/src/${name}`), "wire", "terminal"],
  },

  // What both plugins need of Pulumi's protocol; only the command knows both sides.
  wire: { may: [] },
  // What the commands print with knows nothing of what they print.
  terminal: { may: [], packages: ["commander"] },
  "cli/src": { may: ["lab/src", "provider/src", "terminal", "cli/package.json"] },
};

const PROVIDER = Object.keys(ROOMS).filter((room) => room.startsWith("provider/"));
const LAB = Object.keys(ROOMS).filter((room) => room.startsWith("lab/"));

describe("arrows between the rooms", () => {
  const graph = readModules(ROOT, FOLDERS);

  it("are seen at all", () => {
    assert.ok(graph.get("provider/src/ippool/parse")?.some((target) => target.startsWith("provider/src/ippool/")));
    assert.ok(graph.get("lab/src/serve")?.includes("wire/property-value"));
    assert.ok(graph.get("lab/src/serve")?.includes("@grpc/grpc-js"));
    assert.ok([...graph.values()].flat().length > 1000);
  });

  it("go one way: every file imports what its room may, and nothing else", () =>
    assert.deepEqual(wrongImports(graph, ROOMS), []));

  it("never form a cycle, not by types either", () => assert.deepEqual(cyclesIn(graph), []));

  it("only the command joins both sides", () => {
    const joined = [...graph].filter(([module]) => module.startsWith("cli/src/")).flatMap(([, targets]) => targets);
    for (const side of ["lab/", "provider/"]) assert.ok(joined.some((target) => target.startsWith(side)));
  });
});

describe("the rules about arrows", () => {
  /** What is found wrong with one file in a room that imports one thing. */
  const wrong = (room: string, target: string): string[] =>
    wrongImports(
      new Map([
        [`${room}/made-up`, [target]],
        [target, []],
      ]),
      { ...ROOMS, ...(roomOf(target, ROOMS) === undefined && { [target]: { may: [] } }) },
    );

  const forbidden: readonly (readonly [room: string, others: readonly string[]])[] = [
    ["provider/src/ippool", ["ipam", "plan", "path", "node", "ssh", "aws", "resources"]],
    ["provider/src/ipam", ["plan", "path", "node", "ssh", "aws", "resources"]],
    ["provider/src/plan", ["path", "node", "ssh", "aws", "resources", "verify"]],
    ["provider/src/path", ["node", "ssh", "aws", "resources", "verify"]],
    ["provider/src/node", ["path", "ssh", "aws", "resources", "verify"]],
    ["provider/src/ssh", ["aws", "resources", "verify", "commands"]],
    ["provider/src/aws", ["ssh", "resources", "verify", "commands"]],
    ["provider/src/verify", ["aws", "resources", "commands"]],
    ["provider/src/resources", ["serve", "package", "commands"]],
    ["provider/src/commands", ["resources", "serve"]],
    ["provider/src/serve", ["package", "commands", "plan"]],
    ["lab/src/state", ["cloud", "reach", "fabric", "node", "ec2", "commands"]],
    ["lab/src/cloud", ["state/paths", "state/store", "reach", "fabric", "node", "ec2", "commands"]],
    ["lab/src/reach", ["state/record", "fabric", "fabric/names", "node", "ec2", "commands"]],
    ["lab/src/node", ["cloud", "reach", "fabric", "ec2", "commands"]],
    ["lab/src/fabric", ["reach", "ec2", "ec2/engine", "commands"]],
    ["lab/src/ec2/engine", ["ec2/types", "ec2", "fabric", "reach", "commands", "state/store"]],
    ["lab/src/ec2/types", ["ec2", "fabric", "reach", "commands", "state/store"]],
    ["lab/src/ec2", ["reach", "commands", "serve"]],
    ["lab/src/serve", ["commands", "fabric", "cloud"]],
  ];
  for (const [room, others] of forbidden)
    it(`let ${room} import none of ${others.join(", ")}`, () => {
      const side = room.split("/").slice(0, 2).join("/");
      for (const other of others) {
        const target = `${side}/${other}/thing`;
        assert.deepEqual(wrong(room, target), [`${room}/made-up imports ${target}`]);
      }
    });

  it("keep the lab, the provider and wire apart, and all of them from the command", () => {
    for (const room of [...PROVIDER, "wire"])
      for (const target of ["lab/src/cloud/cidr", "cli/src/main"])
        assert.deepEqual(wrong(room, target), [`${room}/made-up imports ${target}`]);
    for (const room of [...LAB, "wire"])
      for (const target of ["provider/src/ippool/parse", "cli/src/main"])
        assert.deepEqual(wrong(room, target), [`${room}/made-up imports ${target}`]);
  });

  const pure = Object.entries(ROOMS).filter(([, { packages }]) => packages === PURE);
  it("are about purity in all rooms of the core and the model", () =>
    assert.deepEqual(
      pure.map(([room]) => room),
      [...CORE, "provider/src/path", "provider/src/node", "lab/src/cloud", "lab/src/reach"],
    ));

  for (const [room] of pure)
    it(`keep Pulumi, ssh, files and processes out of ${room}, also by way of another file`, () => {
      for (const name of ["@pulumi/pulumi", "@pulumi/aws", "ssh2", "node:fs", "fs", "node:child_process"]) {
        assert.deepEqual(wrong(room, name), [`${room}/made-up imports ${name}`]);
        const around = new Map([
          [`${room}/made-up`, [`${room}/other`]],
          [`${room}/other`, [name]],
        ]);
        assert.deepEqual(wrongImports(around, ROOMS), [
          `${room}/made-up imports ${name}`,
          `${room}/other imports ${name}`,
        ]);
      }
      for (const name of PURE) assert.deepEqual(wrong(room, name), []);
    });

  it("let what the commands print with import commander, and nothing else", () => {
    assert.deepEqual(wrong("terminal", "commander"), []);
    for (const target of ["node:fs", "lab/src/cloud/cidr", "provider/src/ippool/parse", "wire/urn", "cli/src/main"])
      assert.deepEqual(wrong("terminal", target), [`terminal/made-up imports ${target}`]);
  });

  it("let files of a room import each other, and what the room may", () => {
    for (const [room, { may }] of Object.entries(ROOMS))
      for (const target of [`${room}/other`, ...may]) assert.deepEqual(wrong(room, target), []);
  });

  it("notice a file that is in no room", () => {
    assert.deepEqual(wrongImports(new Map([["provider/src/attic/made-up", []]]), ROOMS), [
      "provider/src/attic/made-up is in no room",
    ]);
  });

  it("take a file for one of the innermost room", () => {
    assert.equal(roomOf("lab/src/ec2/engine/ids", ROOMS), "lab/src/ec2/engine");
    assert.equal(roomOf("lab/src/ec2/provider", ROOMS), "lab/src/ec2");
    assert.equal(roomOf("lab/src/ec2-engine/ids", ROOMS), undefined);
  });
});

describe("what a module imports", () => {
  const rows: readonly (readonly [text: string, imports: readonly string[]])[] = [
    ['import { a } from "./a";', ["./a"]],
    ['import type { A } from "./a";', ["./a"]],
    ['import "./a";', ["./a"]],
    ['import * as fs from "node:fs";', ["node:fs"]],
    ['export { a } from "./a";', ["./a"]],
    ['export * from "./a";', ["./a"]],
    ['import(\n  "./a"\n);', ["./a"]],
    ['let a: import("./a").A;', ["./a"]],
    ['const a = require("./a");', ["./a"]],
    ['import a = require("./a");', ["./a"]],
    ['// import "./a";\nconst text = \'import "./b"\';', []],
  ];
  for (const [text, imports] of rows)
    it(`is ${imports.join(", ") || "nothing"} in ${JSON.stringify(text)}`, () =>
      assert.deepEqual([...new Set(importsOf(text))], imports));
});

describe("cycles", () => {
  const graphOf = (modules: Record<string, readonly string[]>) => new Map(Object.entries(modules));

  it("are found whole, each once", () => {
    assert.deepEqual(
      cyclesIn(
        graphOf({ a: ["b"], b: ["c", "node:fs"], c: ["a", "d"], d: [], e: ["f"], f: ["e", "a"], g: ["g"], h: ["a"] }),
      ),
      [["a", "b", "c"], ["e", "f"], ["g"]],
    );
  });

  it("are none where two ways lead to the same module", () => {
    assert.deepEqual(cyclesIn(graphOf({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] })), []);
  });
});
