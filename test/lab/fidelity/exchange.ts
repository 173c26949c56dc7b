import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { privileged } from "../../../lab/src/state/privileged";

/** A packet that has arrived in a namespace: its first 64 bytes. */
export interface Arrival {
  readonly namespace: string;
  readonly packet: Buffer;
}

/** One process that sends and receives raw packets in many network namespaces. */
export class Exchange {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly indexes: ReadonlyMap<string, number>;
  private arrivals: Arrival[] = [];
  private settled: () => void = () => undefined;
  private failed: (reason: Error) => void = () => undefined;

  private constructor(readonly namespaces: readonly string[]) {
    this.indexes = new Map(namespaces.map((name, i) => [name, i]));
    const [program = "", ...args] = privileged(["perl", join(__dirname, "exchange.pl"), ...namespaces]);
    this.child = spawn(program, args, { stdio: "pipe" });
    let stderr = "";
    this.child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    this.child.stdin.on("error", () => undefined);
    this.child.on("close", (code) =>
      this.failed(new Error(`exchange.pl ended with exit code ${code}: ${stderr.trim()}`)),
    );
    createInterface(this.child.stdout).on("line", (line) => {
      const [verb, index = "", hex = ""] = line.split(" ");
      if (verb === "settled") this.settled();
      else this.arrivals.push({ namespace: this.namespaces[Number(index)] ?? "", packet: Buffer.from(hex, "hex") });
    });
  }

  /**
   * @param router a namespace whose own routes the packets take that are sent there
   * @param guests namespaces with a device ens5, where frames are sent
   */
  static async start(router: string, guests: readonly string[]): Promise<Exchange> {
    const exchange = new Exchange([router, ...guests]);
    await exchange.untilSettled();
    return exchange;
  }

  send(namespace: string, bytes: Buffer): void {
    const index = this.indexes.get(namespace);
    if (index === undefined) throw new Error(`Nothing is sent in ${namespace}`);
    this.child.stdin.write(`send ${index} ${bytes.toString("hex")}\n`);
  }

  /** What has arrived until nothing has for so many milliseconds. */
  async settle(milliseconds: number): Promise<Arrival[]> {
    const settled = this.untilSettled();
    this.child.stdin.write(`settle ${milliseconds}\n`);
    await settled;
    const arrivals = this.arrivals;
    this.arrivals = [];
    return arrivals;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, "close");
    this.child.stdin.end();
    await closed;
  }

  private untilSettled(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.settled = resolve;
      this.failed = reject;
    });
  }
}
