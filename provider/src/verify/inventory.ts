import { A_LIST, AN_OBJECT, kindInWords, MISSING, mustBe, wholeNumber } from "../../../wire/input-words";
import { DEFAULTS } from "../generated/component-args";
import type { ClusterNode, ClusterOutputs, ClusterWorkload, SshAccess } from "../generated/resource-types";
import type { Encapsulation } from "../ippool/pool-mode";
import { TUNNEL_KINDS } from "../plan/encapsulation";
import type { Path } from "../plan/paths";
import type { SshBastion } from "../ssh/target";

/**
 * What verify needs to know of a stack; the outputs of Cluster have this form (`pulumi stack output --json
 * --show-secrets`).
 */
export type Inventory = Pick<ClusterOutputs, "nodes" | "workloads" | "paths" | "ssh">;
export type InventoryNode = ClusterNode;
export type InventoryWorkload = ClusterWorkload;

/** What is amiss with a stack's outputs, each line with its property path. */
export class InventoryError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(
      `the stack's outputs are not those of a Cluster (export nodes, workloads, paths and ssh):\n${problems.map((p) => `  ${p}`).join("\n")}`,
    );
    this.name = "InventoryError";
  }
}

const ENCAPSULATION_NAMES: readonly Encapsulation[] = ["None", ...TUNNEL_KINDS];
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

/**
 * Reads the outputs of a stack. Names and addresses end in shell lines on the nodes, so their form is checked here,
 * once.
 * @throws InventoryError with all problems at once
 */
export function parseInventory(outputs: unknown): Inventory {
  const problems: string[] = [];
  const root = record(outputs, "outputs", problems);
  const rows = (key: string): [Record<string, unknown>, string][] => {
    const value = root[key];
    if (!Array.isArray(value)) {
      problems.push(`${key}: ${mustBe(A_LIST, kindInWords(value))}`);
      return [];
    }
    return value.map((entry: unknown, i) => [record(entry, `${key}[${i}]`, problems), `${key}[${i}]`]);
  };
  const text = (row: Record<string, unknown>, at: string, key: string, form?: RegExp): string => {
    const value = row[key];
    if (typeof value !== "string" || value === "" || (form !== undefined && !form.test(value))) {
      problems.push(
        `${at}.${key}: ${value === undefined ? MISSING : `${JSON.stringify(value)} is not of the expected form`}`,
      );
      return "";
    }
    return value;
  };
  const number = (row: Record<string, unknown>, at: string, key: string): number => {
    const value = row[key];
    if (typeof value !== "number" || !Number.isInteger(value)) {
      problems.push(`${at}.${key}: ${mustBe(wholeNumber(), kindInWords(value))}`);
      return 0;
    }
    return value;
  };
  const optional = (row: Record<string, unknown>, key: string): string | undefined => {
    const value = row[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  };

  const nodes = rows("nodes").map(([row, at]): InventoryNode => ({
    name: text(row, at, "name", NAME),
    network: text(row, at, "network"),
    subnet: text(row, at, "subnet"),
    availabilityZone: text(row, at, "availabilityZone"),
    privateIp: text(row, at, "privateIp", IPV4),
    publicIp: optional(row, "publicIp"),
    instanceId: text(row, at, "instanceId"),
    host: text(row, at, "host"),
    hostKey: text(row, at, "hostKey", /^ssh-ed25519 /),
  }));
  const workloads = rows("workloads").map(([row, at]): InventoryWorkload => ({
    name: text(row, at, "name", NAME),
    node: text(row, at, "node", NAME),
    pool: text(row, at, "pool"),
    address: text(row, at, "address", IPV4),
    mtu: number(row, at, "mtu"),
    namespace: text(row, at, "namespace", NAME),
  }));
  const paths = rows("paths").map(([row, at]): Path => {
    const encapsulation = text(row, at, "encapsulation", new RegExp(`^(?:${ENCAPSULATION_NAMES.join("|")})$`));
    const outer =
      row["outer"] === undefined || row["outer"] === null ? undefined : record(row["outer"], `${at}.outer`, problems);
    return {
      from: text(row, at, "from", NAME),
      to: text(row, at, "to", NAME),
      pool: text(row, at, "pool"),
      encapsulation: ENCAPSULATION_NAMES.find((name) => name === encapsulation) ?? "None",
      nextHop: text(row, at, "nextHop"),
      ...(outer && {
        outer: {
          source: text(outer, `${at}.outer`, "source", IPV4),
          destination: text(outer, `${at}.outer`, "destination", IPV4),
          ...(outer["port"] !== undefined && { port: number(outer, `${at}.outer`, "port") }),
          ...(outer["vni"] !== undefined && { vni: number(outer, `${at}.outer`, "vni") }),
        },
      }),
      mtu: number(row, at, "mtu"),
      reason: text(row, at, "reason"),
      hops: Array.isArray(row["hops"]) ? row["hops"].map(String) : [],
    };
  });
  const privateKey = (row: Record<string, unknown>, at: string): string => {
    const value = row["privateKey"];
    // Never through text(): a malformed key would be shown.
    if (typeof value !== "string" || value === "")
      problems.push(`${at}.privateKey: is missing (pass --show-secrets to \`pulumi stack output\`)`);
    return typeof value === "string" ? value : "";
  };
  const readBastion = (row: Record<string, unknown>): SshBastion => ({
    host: text(row, "ssh.bastion", "host"),
    port: number(row, "ssh.bastion", "port"),
    user: text(row, "ssh.bastion", "user", NAME),
    hostKey: text(row, "ssh.bastion", "hostKey"),
    privateKey: privateKey(row, "ssh.bastion"),
  });
  const ssh = record(root["ssh"], "ssh", problems);
  const access: SshAccess = {
    user: text(ssh, "ssh", "user", NAME),
    port: ssh["port"] === undefined ? DEFAULTS.SshOptions.port : number(ssh, "ssh", "port"),
    privateKey: privateKey(ssh, "ssh"),
    proxyCommand: optional(ssh, "proxyCommand"),
    ...(ssh["bastion"] !== undefined &&
      ssh["bastion"] !== null && { bastion: readBastion(record(ssh["bastion"], "ssh.bastion", problems)) }),
  };

  const known = new Set(nodes.map((n) => n.name));
  workloads.forEach((w, i) => {
    if (w.node !== "" && !known.has(w.node)) problems.push(`workloads[${i}].node: there is no node ${w.node}`);
  });
  if (problems.length > 0) throw new InventoryError(problems);
  return { nodes, workloads, paths, ssh: access };
}

function record(value: unknown, at: string, problems: string[]): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  problems.push(`${at}: ${mustBe(AN_OBJECT, kindInWords(value))}`);
  return {};
}
