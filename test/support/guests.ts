import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrives, Guest } from "../../lab/src/fabric/guest";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { internetNamespace, namespaceOf, namespacePrefix } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { privileged, run } from "../../lab/src/state/privileged";
import { CloudRecords } from "./cloud-records";

/** A lab of its own whose nodes are network namespaces: the whole fabric, and nothing that boots. */
export class GuestLab {
  private readonly guests = new Map<string, Guest>();
  private readonly processes: ChildProcess[] = [];

  private constructor(
    readonly lab: Lab,
    readonly base: CloudRecords,
  ) {}

  /** Makes the networks of the records, and a guest per instance. */
  static async start(base: CloudRecords): Promise<GuestLab> {
    const made = new GuestLab(openLab(mkdtempSync(join(tmpdir(), "overlaynet-fabric-"))), base);
    try {
      await made.apply(() => undefined);
      await Promise.all(
        base
          .list()
          .filter(({ type }) => type === "aws:ec2/instance:Instance")
          .map((record) => made.attach(record.id.slice(2), base)),
      );
    } catch (error) {
      await made.remove();
      throw error;
    }
    return made;
  }

  /** The records of the start with changes, made real. */
  async apply(change: (records: CloudRecords) => void): Promise<CloudRecords> {
    const records = this.base.copy();
    change(records);
    await reconcile(this.lab, records.list());
    return records;
  }

  async attach(name: string, records: CloudRecords): Promise<Guest> {
    const record = records.get(`i-${name}`);
    const subnet = records.get(String(record.outputs["subnetId"]));
    const network = String(subnet.outputs["cidrBlock"]).replace(/\.0\/24$/, "");
    // Not named as the lab's own: it would remove what its records do not ask for.
    const guest = await Guest.attach(`guest-${this.lab.id}-${name}`, {
      card: namespaceOf(this.lab, record),
      mac: String(record.internal["mac"]),
      address: `${String(record.outputs["privateIp"])}/24`,
      gateway: `${network}.1`,
    });
    this.guests.set(name, guest);
    return guest;
  }

  guest(name: string): Guest {
    const guest = this.guests.get(name);
    if (guest === undefined) throw new Error(`There is no guest ${name}`);
    return guest;
  }

  /** Cards forget what they track, as `overlaynet lab flush` does. */
  async flush(): Promise<void> {
    const cards = this.base.list().flatMap((record) => {
      if (record.type === "aws:ec2/instance:Instance") return [namespaceOf(this.lab, record)];
      return record.type === "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment"
        ? [`${namespacePrefix(this.lab)}${String(record.outputs["networkInterfaceId"])}`]
        : [];
    });
    await run(["sh", "-s"], {
      stdin: cards.map((card) => `nsenter --net=/run/netns/${card} conntrack -F 2>/dev/null\n`).join(""),
    });
  }

  /** Runs a command on the internet's host. */
  async onInternet(argv: readonly string[], stdin = ""): Promise<string> {
    return run(["nsenter", `--net=/run/netns/${internetNamespace(namespacePrefix(this.lab))}`, ...argv], { stdin });
  }

  /** The internet's host. */
  internet(): Promise<Guest> {
    return Guest.of(internetNamespace(namespacePrefix(this.lab)));
  }

  /** Starts a process that listens on a TCP port and gives each connection to a shell command; returns when it does. */
  async listen(namespace: string, port: number, command: string): Promise<void> {
    this.start(namespace, ["socat", `TCP4-LISTEN:${port},fork,reuseaddr`, `SYSTEM:${command}`]);
    const listening = [
      "nsenter",
      `--net=/run/netns/${namespace}`,
      "sh",
      "-c",
      `grep -q ':${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 0A' /proc/net/tcp`,
    ];
    for (;;) {
      try {
        await run(listening);
        return;
      } catch {
        // Not yet; mocha's timeout ends this.
      }
    }
  }

  /** Starts a process in a namespace; it ends with the lab at the latest. */
  start(namespace: string, argv: readonly string[]): ChildProcess {
    const [program = "", ...args] = privileged(["nsenter", `--net=/run/netns/${namespace}`, ...argv]);
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.processes.push(child);
    return child;
  }

  async remove(): Promise<void> {
    const guests = [...this.guests.values()].map(({ namespace }) => namespace);
    await run(["sh", "-s"], {
      stdin: guests
        .map((name) => `for pid in $(ip netns pids ${name}); do kill -KILL $pid; done\nip netns delete ${name}\n`)
        .join(""),
    });
    await destroyAll(this.lab);
    await Promise.all(
      this.processes.map(
        async (child) => child.exitCode ?? child.signalCode ?? new Promise((done) => child.once("close", done)),
      ),
    );
    rmSync(this.lab.state, { recursive: true, force: true });
  }
}

/**
 * Whether what `send` sends arrives at a guest and matches; what should not is given a fifth of a second, many times
 * what it takes.
 */
export async function delivered(to: Guest, match: string, send: () => Promise<void>): Promise<boolean> {
  const count = await to.count(match);
  await send();
  return arrives(count, 200);
}

/** Whether a TCP connection to a guest is accepted; an attempt ends after a third of a second. */
export async function connects(from: Guest, to: string, port: number): Promise<boolean> {
  return (await answer(from, to, port)) !== undefined;
}

/** What a TCP connection gives back; undefined when there is none. */
export async function answer(from: Guest, to: string, port: number, options = ""): Promise<string | undefined> {
  try {
    return await from.exec(["socat", "-t", "1", "-", `TCP4:${to}:${port},connect-timeout=0.3${options}`], "hello\n");
  } catch {
    return undefined;
  }
}

/** Whether one ping with DF set is answered within a third of a second; its IP packet has so many bytes. */
export async function pings(from: Guest, to: string, bytes = 84): Promise<boolean> {
  try {
    await from.exec(["ping", "-n", "-q", "-c", "1", "-W", "0.3", "-M", "do", "-s", String(bytes - 28), to]);
    return true;
  } catch {
    return false;
  }
}
