import { A_LIST, A_STRING, AN_OBJECT, kindInWords, MISSING, mustBe, wholeNumber } from "../../../wire/input-words";
import { DEFAULTS } from "../generated/component-args";
import type { ClusterWorkload } from "../generated/resource-types";
import { unpackTopology } from "../plan/packed-topology";
import type { Path } from "../plan/paths";
import { planTopology } from "../plan/plan";
import type { Topology, TopologyNode } from "../plan/topology";
import type { SshBastion, SshTarget } from "../ssh/target";

/**
 * What verify needs to know of a stack; the outputs of Cluster and of Overlay hold it (`pulumi stack output --json
 * --show-secrets`).
 */
export interface Inventory {
  readonly nodes: readonly InventoryNode[];
  readonly workloads: readonly InventoryWorkload[];
  /** For every ordered pair of nodes and every pool: worked out as they are asked for. */
  readonly paths: Iterable<Path>;
}

export interface InventoryNode {
  readonly name: string;
  readonly network: string;
  /** Name or CIDR of its subnet. */
  readonly subnet: string;
  readonly privateIp: string;
  /** Where hosts of other networks see it, where that is not its own address. */
  readonly publicIp?: string;
  /** How it is reached. */
  readonly target: SshTarget;
}

export type InventoryWorkload = ClusterWorkload;

/** What is amiss with a stack's outputs, each line with its property path. */
export class InventoryError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `the stack's outputs are not those of a Cluster or an Overlay (export nodes, workloads, topology and ssh):\n${problems.map((p) => `  ${p}`).join("\n")}`,
    );
    this.name = "InventoryError";
  }
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

/**
 * Reads the outputs of a stack. Names and addresses end in shell lines on the nodes, so their form is checked here,
 * once.
 * @throws InventoryError with all problems at once
 */
export function parseInventory(outputs: unknown): Inventory {
  const read = new Reader();
  const root = read.record(outputs, "outputs");
  const topology = read.topology(root);
  const shared = read.record(root["ssh"], "ssh");
  const places = new Map(topology?.nodes.map((node) => [node.name, node]));
  const nodes = read.rows(root, "nodes").map(([row, at]): InventoryNode => {
    const name = read.text(row, at, "name", NAME);
    const place = places.get(name);
    if (topology !== undefined && name !== "" && place === undefined)
      read.problems.push(`${at}.name: the topology has no node ${name}`);
    return {
      name,
      network: place?.network ?? "",
      subnet: subnetOf(row, place),
      privateIp: read.text({ ip: place?.ip ?? "0.0.0.0" }, at, "ip", IPV4),
      ...(place?.publicIp !== undefined && { publicIp: place.publicIp }),
      target: read.target(row, at, shared),
    };
  });
  const workloads = read.rows(root, "workloads").map(([row, at]): InventoryWorkload => ({
    name: read.text(row, at, "name", NAME),
    node: read.text(row, at, "node", NAME),
    pool: read.text(row, at, "pool"),
    address: read.text(row, at, "address", IPV4),
    mtu: read.number(row, at, "mtu"),
    namespace: read.text(row, at, "namespace", NAME),
  }));
  const known = new Set(nodes.map(({ name }) => name));
  workloads.forEach(({ node }, i) => {
    if (node !== "" && !known.has(node)) read.problems.push(`workloads[${i}].node: there is no node ${node}`);
  });
  if (read.problems.length > 0 || topology === undefined) throw new InventoryError(read.problems);
  return { nodes, workloads, paths: planTopology(topology).paths };
}

/**
 * The topology of a stack's outputs alone, for those who log in nowhere.
 * @throws InventoryError
 */
export function parseTopologyOutput(outputs: unknown): Topology {
  const read = new Reader();
  const topology = read.topology(read.record(outputs, "outputs"));
  if (topology === undefined) throw new InventoryError(read.problems);
  return topology;
}

function subnetOf(row: Readonly<Record<string, unknown>>, place: TopologyNode | undefined): string {
  const { subnet, availabilityZone } = row;
  if (typeof subnet === "string" && typeof availabilityZone === "string") return `${subnet} (${availabilityZone})`;
  return place?.subnet ?? `${place?.ip ?? "?"}/${place?.subnetPrefixLen ?? "?"}`;
}

type Row = Readonly<Record<string, unknown>>;

/** Reads values of expected forms, and keeps what is amiss. */
class Reader {
  readonly problems: string[] = [];

  record(value: unknown, at: string): Row {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
    this.problems.push(`${at}: ${mustBe(AN_OBJECT, kindInWords(value))}`);
    return {};
  }

  rows(root: Row, key: string): [Row, string][] {
    const value = root[key];
    if (!Array.isArray(value)) {
      this.problems.push(`${key}: ${mustBe(A_LIST, kindInWords(value))}`);
      return [];
    }
    return value.map((entry: unknown, i) => [this.record(entry, `${key}[${i}]`), `${key}[${i}]`]);
  }

  text(row: Row, at: string, key: string, form?: RegExp): string {
    const value = row[key];
    if (typeof value === "string" && value !== "" && (form === undefined || form.test(value))) return value;
    this.problems.push(
      `${at}.${key}: ${value === undefined ? MISSING : `${JSON.stringify(value)} is not of the expected form`}`,
    );
    return "";
  }

  number(row: Row, at: string, key: string): number {
    const value = row[key];
    if (typeof value === "number" && Number.isInteger(value)) return value;
    this.problems.push(`${at}.${key}: ${mustBe(wholeNumber(), kindInWords(value))}`);
    return 0;
  }

  topology(root: Row): Topology | undefined {
    const { topology } = root;
    if (typeof topology !== "string") {
      this.problems.push(`topology: ${mustBe(A_STRING, kindInWords(topology))}`);
      return undefined;
    }
    try {
      return unpackTopology(topology);
    } catch (error) {
      this.problems.push(`topology: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** A node has its ssh in the row (Cluster) or in `ssh` of it (Overlay), and the stack's for the rest. */
  target(row: Row, at: string, shared: Row): SshTarget {
    const [own, place] =
      row["ssh"] === undefined || row["ssh"] === null ? [row, at] : [this.record(row["ssh"], `${at}.ssh`), `${at}.ssh`];
    const has = (key: string): boolean => own[key] !== undefined && own[key] !== null;
    const from = (key: string): [Row, string] => (has(key) ? [own, place] : [shared, "ssh"]);
    const { bastion } = from("bastion")[0];
    const proxyCommand = optional(from("proxyCommand")[0], "proxyCommand");
    const sudoPassword = optional(from("sudoPassword")[0], "sudoPassword");
    return {
      host: this.text(own, place, "host"),
      hostKey: this.text(own, place, "hostKey", /^(?:ssh|ecdsa)-\S+ /),
      port:
        has("port") || shared["port"] !== undefined ? this.number(...from("port"), "port") : DEFAULTS.SshOptions.port,
      user: this.text(...from("user"), "user", NAME),
      privateKey: this.privateKey(...from("privateKey")),
      ...(proxyCommand !== undefined && { proxyCommand }),
      ...(sudoPassword !== undefined && { sudoPassword }),
      ...(bastion !== undefined &&
        bastion !== null && { bastion: this.bastion(this.record(bastion, `${from("bastion")[1]}.bastion`)) }),
    };
  }

  private bastion(row: Row): SshBastion {
    return {
      host: this.text(row, "ssh.bastion", "host"),
      port: this.number(row, "ssh.bastion", "port"),
      user: this.text(row, "ssh.bastion", "user", NAME),
      hostKey: this.text(row, "ssh.bastion", "hostKey"),
      privateKey: this.privateKey(row, "ssh.bastion"),
    };
  }

  /** Never through text(): a malformed key would be shown. */
  private privateKey(row: Row, at: string): string {
    const value = row["privateKey"];
    if (typeof value === "string" && value !== "") return value;
    const problem = `${at}.privateKey: is missing (pass --show-secrets to \`pulumi stack output\`)`;
    if (!this.problems.includes(problem)) this.problems.push(problem);
    return "";
  }
}

function optional(row: Row, key: string): string | undefined {
  const value = row[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
