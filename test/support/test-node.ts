import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Part } from "../../provider/src/node/part";

const PROJECT = resolve(__dirname, "../..");
const NODE_FILES = join(PROJECT, "provider", "node");
const SUDO = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
/** Where workloads' plugins are looked for, the lab's image last. */
const PLUGINS = ["/usr/lib/cni", "/opt/cni/bin"];

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * What overlaynet-apply takes for a node: a network namespace with an interface ens5, and a mount namespace whose /etc,
 * /run, /opt and /usr/local are its own. Nothing of this machine is written to.
 */
export class TestNode {
  readonly dir = mkdtempSync(join(tmpdir(), "overlaynet-test-node-"));
  private holder = 0;
  private version = 0;

  private constructor(readonly address: string) {
    for (const folder of ["etc", "local", "opt/cni/bin", "from"])
      mkdirSync(join(this.dir, folder), { recursive: true });
    // awk is a link into it.
    for (const name of ["alternatives", "ld.so.cache", "passwd", "group", "protocols", "nsswitch.conf"]) {
      if (existsSync(join("/etc", name)))
        cpSync(join("/etc", name), join(this.dir, "etc", name), { recursive: true, verbatimSymlinks: true });
    }
    copyPlugins(join(this.dir, "opt/cni/bin"));
    this.ship();
  }

  static async start(address: string): Promise<TestNode> {
    const node = new TestNode(address);
    await node.boot();
    return node;
  }

  /** Lays out the program as a push brings it; a new version each time. */
  ship(): void {
    rmSync(join(this.dir, "from"), { recursive: true });
    cpSync(NODE_FILES, join(this.dir, "from", "node"), { recursive: true });
    writeFileSync(join(this.dir, "from", "node", "version"), `${++this.version}\n`);
  }

  /**
   * Changes the program as it came with the last push, in one place.
   * @throws Error where the words are not there, or more than once
   */
  change(file: string, words: string, replacement: string): void {
    const path = join(this.dir, "from", "node", file);
    const [before, after, ...more] = readFileSync(path, "utf8").split(words);
    if (before === undefined || after === undefined || more.length > 0)
      throw new Error(`${file} has not once "${words}"`);
    writeFileSync(path, `${before}${replacement}${after}`);
    writeFileSync(join(this.dir, "from", "node", "version"), `${++this.version}\n`);
  }

  /** Process id of what holds the namespaces, for `nsenter` and `ip link set netns`. */
  get pid(): number {
    return this.holder;
  }

  /** A new kernel in all that counts: empty namespace, empty /run; /etc and /usr/local stay. */
  async reboot(): Promise<void> {
    this.end();
    await this.boot();
  }

  remove(): void {
    this.end();
    execFileSync(SUDO[0] ?? "rm", [...(SUDO.length > 0 ? ["-n", "rm"] : []), "-rf", "--", this.dir]);
  }

  /** The command line that runs a command in the node. */
  enter(command: readonly string[]): [string, ...string[]] {
    const [program = "nsenter", ...args] = [
      ...SUDO,
      "nsenter",
      "--target",
      String(this.holder),
      "--mount",
      "--net",
      "--",
      ...command,
    ];
    return [program, ...args];
  }

  run(command: readonly string[], input: string | Buffer = ""): Outcome {
    const [program, ...args] = this.enter(command);
    const { status, signal, stdout, stderr, error } = spawnSync(program, args, { input, maxBuffer: 64 * 1024 * 1024 });
    if (error !== undefined) throw error;
    return { code: status, signal, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  /** Runs lines of sh, every one of which has to succeed. @returns what they print */
  sh(script: string): string {
    const outcome = this.run(["sh", "-euc", script]);
    if (outcome.code !== 0) throw new Error(`${script}\n${outcome.stderr}`);
    return outcome.stdout;
  }

  json(command: string): unknown {
    return JSON.parse(this.sh(command) || "[]");
  }

  start(command: readonly string[]): ChildProcess {
    const [program, ...args] = this.enter(command);
    return spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  }

  /** overlaynet-apply as it came with a push. */
  readonly program = join(this.dir, "from", "node", "overlaynet-apply");

  apply(...words: string[]): Outcome {
    const outcome = this.run(["sh", this.program, "--from", join(this.dir, "from"), ...words]);
    // What failed and was then reached in another way is no success: that way may have cost packets.
    if (outcome.code === 0 && outcome.stdout !== "" && outcome.stderr === "" && words[0] !== "digests")
      assert.equal(
        this.run(["sh", "-c", "cd /run/overlaynet && cat work/errors"]).stdout,
        "",
        words.slice(0, 2).join(" "),
      );
    return outcome;
  }

  /** Brings a part, as `pushPart` does. */
  install(part: Part): Outcome {
    return this.apply("install-part", part.name, part.digest, this.write(part));
  }

  /** The files of a part in a folder outside the node's own. */
  write(part: Part): string {
    const folder = join(this.dir, "from", "part", part.digest);
    mkdirSync(folder, { recursive: true });
    for (const { name, content } of part.files) writeFileSync(join(folder, name), content);
    return folder;
  }

  /** What a command on the node says to netlink and nftables listeners, line by line. */
  async listen(during: () => void | Promise<void>): Promise<string[]> {
    const said: string[] = [];
    const monitors = [
      ["ip", "monitor", "all"],
      ["nft", "monitor"],
    ].map((command) => {
      const child = this.start(["stdbuf", "-oL", ...command]);
      child.stdout?.setEncoding("utf8").on("data", (text: string) => said.push(text));
      return child;
    });
    await this.heard(said, "listening");
    said.length = 0;
    await during();
    await this.heard(said, "done");
    for (const child of monitors) if (child.pid !== undefined) kill(-child.pid);
    return said
      .join("")
      .split("\n")
      .filter((line) => line !== "" && !/ovlmark|203\.0\.113\.|# new generation/.test(line));
  }

  /** Listeners hear in order: once they have heard of a mark, they have heard of all before. */
  private async heard(said: readonly string[], mark: string): Promise<void> {
    const heard = (): boolean =>
      said.some((text) => text.includes(`ovlmark-${mark}`)) &&
      said.some((text) => text.includes(`203.0.113.${mark.length}`));
    for (let round = 0; !heard(); round++) {
      if (round > 100) throw new Error("ip monitor and nft monitor say nothing");
      this.sh(
        `nft 'add table ip ovlmark-${mark}; delete table ip ovlmark-${mark}'; ip route add throw 203.0.113.${mark.length} table 4242 proto 4; ip route del throw 203.0.113.${mark.length} table 4242`,
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private async boot(): Promise<void> {
    const setUp = `
      mount --make-rprivate /
      mount --bind ${this.dir}/etc /etc
      mount --bind ${this.dir}/local /usr/local
      mount --bind ${this.dir}/opt /opt
      mount -t tmpfs tmpfs /run
      # As systemd's sysctl.d has it.
      echo 2 >/proc/sys/net/ipv4/conf/default/rp_filter
      for file in accept_dad router_solicitations; do echo 0 >/proc/sys/net/ipv6/conf/default/$file; done
      ip link set dev lo up
      ip link add ens5 mtu 9001 type veth peer name wire mtu 9001
      ip address add ${this.address}/24 dev ens5
      ip link set dev ens5 up
      ip link set dev wire up
      echo $$
      exec sleep infinity`;
    const child = spawn(
      SUDO[0] ?? "unshare",
      [...(SUDO.length > 0 ? ["-n", "unshare"] : []), "--mount", "--net", "sh", "-euc", setUp],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.holder = await new Promise<number>((done, failed) => {
      child.stdout.setEncoding("utf8").once("data", (line: string) => done(Number(line)));
      child.once("exit", (code) => failed(new Error(`unshare ended with ${code}; this test needs root or sudo`)));
    });
    child.stdout.destroy();
    child.unref();
  }

  private end(): void {
    if (this.holder === 0) return;
    this.run(["sh", "-c", "for name in $(ip netns list | cut -d ' ' -f 1); do ip netns del $name; done"]);
    kill(this.holder);
    this.holder = 0;
  }
}

/** Ends a process that this test started; a negative id means its group. */
export function kill(pid: number): void {
  spawnSync(SUDO[0] ?? "kill", [...(SUDO.length > 0 ? ["-n", "kill"] : []), "-KILL", "--", String(pid)]);
}

/** The standard plugins: the machine's own, or those in the lab's disk image. */
function copyPlugins(to: string): void {
  const here = PLUGINS.find((folder) => existsSync(join(folder, "ptp")) && existsSync(join(folder, "host-local")));
  for (const name of ["ptp", "host-local"]) {
    if (here !== undefined) cpSync(join(here, name), join(to, name));
    else
      execFileSync(
        "debugfs",
        ["-R", `dump /usr/lib/cni/${name} ${join(to, name)}`, join(PROJECT, ".overlaynet", "image", "base.img")],
        { stdio: "ignore", env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` } },
      );
    chmodSync(join(to, name), 0o755);
  }
}
