import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkMachine, type CheckResult, machineProblems } from "../../../lab/src/commands/check-machine";
import { existingNamespaces } from "../../../lab/src/fabric/apply";
import { namespacePrefix } from "../../../lab/src/fabric/names";
import { type Lab, openLab } from "../../../lab/src/state/paths";

/** Programs that the lab runs, and the packages whose names a person is told. */
const packages = {
  ip: "iproute2",
  nft: "nftables",
  nsenter: "util-linux",
  flock: "util-linux",
  setsid: "util-linux",
  taskset: "util-linux",
  bash: "bash",
  socat: "socat",
  tcpdump: "tcpdump",
  conntrack: "conntrack",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  tar: "tar",
  perl: "perl",
} as const;

/** What else scripts run, all of which every Debian has. */
const basics = [
  "sh",
  "cat",
  "echo",
  "env",
  "grep",
  "kill",
  "modprobe",
  "readlink",
  "rm",
  "sed",
  "sleep",
  "test",
  "tr",
  "true",
];

describe("overlaynet lab check", function () {
  this.timeout(30_000);
  const path = process.env["PATH"] ?? "";
  let lab: Lab;
  let bin: string;

  beforeEach(() => {
    const state = mkdtempSync(join(tmpdir(), "overlaynet-check-"));
    // Whether this machine has made an image yet is not asked here.
    const image = join(state, "image");
    mkdirSync(image);
    for (const file of ["linux", "base.img"]) writeFileSync(join(image, file), "");
    lab = { ...openLab(state), image: () => image };
    bin = join(state, "bin");
    mkdirSync(bin);
    for (const program of [...Object.keys(packages), ...basics]) symlinkSync(find(program), join(bin, program));
    process.env["PATH"] = bin;
  });
  afterEach(() => {
    process.env["PATH"] = path;
    assert.deepEqual(existingNamespaces(namespacePrefix(lab)), []);
    rmSync(lab.state, { recursive: true, force: true });
  });

  function find(program: string): string {
    const file = path
      .split(":")
      .map((folder) => join(folder, program))
      .find(existsSync);
    if (file === undefined) throw new Error(`${program} is not there`);
    return file;
  }

  async function missing(): Promise<Map<string, string>> {
    return new Map(
      (await checkMachine(lab)).flatMap(({ name, problem }): [string, string][] =>
        problem === undefined ? [] : [[name, problem]],
      ),
    );
  }

  it("misses nothing here", async () => assert.deepEqual([...(await missing())], []));

  it("names every program that is not there, with its package, and does not try what needs it", async () => {
    for (const program of Object.keys(packages)) rmSync(join(bin, program));
    const found = await missing();
    for (const [program, debian] of Object.entries(packages))
      assert.equal(
        found.get(`program ${program}`),
        `install the package ${debian}. (sh failed with exit code 1: not found)`,
      );
    assert.equal(found.get("kernel: networks"), "not tried without ip, nft, nsenter, flock");
    assert.equal(found.size, Object.keys(packages).length + 1);
  });

  it("names one program alone that is not there, and tries the kernel all the same", async () => {
    rmSync(join(bin, "socat"));
    const results = await checkMachine(lab);
    assert.deepEqual(
      results.filter(({ problem }) => problem !== undefined).map(({ name }) => name),
      ["program socat"],
    );
    assert.ok(results.some(({ name, problem }) => name === "kernel: bridges" && problem === undefined));
    // With something missing nothing can be proved.
    assert.ok(!results.some(({ name }) => name.startsWith("self-test")));
  });

  /** In place of a kernel that lacks it: the program refuses as it does there. */
  function refuse(program: "ip" | "nft", pattern: string): void {
    const file = join(bin, program);
    const real = find(program);
    rmSync(file);
    const text = program === "nft" ? "input=$(cat)" : 'input="$*"';
    const handOn = program === "nft" ? `printf '%s\\n' "$input" | ${real} "$@"` : `exec ${real} "$@"`;
    writeFileSync(
      file,
      `#!/bin/sh\n${text}\ncase $input in *"${pattern}"*) echo "Operation not supported" >&2; exit 2 ;; esac\n${handOn}\n`,
    );
    chmodSync(file, 0o755);
  }

  for (const [name, program, pattern] of [
    ["kernel: network namespaces", "ip", "netns add"],
    ["kernel: veth", "ip", "type veth"],
    ["kernel: bridges", "ip", "type bridge"],
    ["kernel: tap devices in a namespace", "ip", "tuntap"],
    ["kernel: rules by incoming device", "ip", "rule add"],
    ["kernel: nftables for bridges", "nft", "table bridge"],
    ["kernel: nftables with connection tracking", "nft", "ct state"],
    ["kernel: address translation", "nft", "dnat"],
  ] as const) {
    it(`says of a kernel without it: ${name}`, async () => {
      refuse(program, pattern);
      const found = await missing();
      assert.deepEqual([...found.keys()], [name]);
      assert.match(
        found.get(name) ?? "",
        /(this kernel or container allows none|the kernel lacks it, or a module that it could not load)\. \(.*Operation not supported/,
      );
    });
  }

  it("says that the nodes' image is not made yet, and what makes it", async () => {
    const found = new Map(
      (await checkMachine({ ...lab, image: () => "/nowhere" })).map(({ name, problem }) => [name, problem]),
    );
    assert.equal(found.get("image of the nodes"), "linux and base.img not in /nowhere: run scripts/setup");
  });

  it("says what a machine lacks in processor, memory and disk", () => {
    const problems = (results: readonly CheckResult[]): string[] =>
      results.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
    assert.deepEqual(problems(machineProblems({ architecture: "x64", availableMiB: 256, freeMiB: 512 })), []);
    const lacking = problems(machineProblems({ architecture: "arm64", availableMiB: 200, freeMiB: 100 })).join("\n");
    for (const what of [
      /^processor: .*amd64.*this machine is arm64$/m,
      /^memory: 200 MiB are available, one small node needs 256 MiB/m,
      /^disk: 100 MiB are free.*OVERLAYNET_LAB_STATE/m,
    ])
      assert.match(lacking, what);
  });
});
