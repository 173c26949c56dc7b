import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./paths";

/** Something that is made to go wrong outside the nodes. */
export type Fault = LinkFault | SshFault;

/** As seen from the node, or from the requester's VPC of a peering connection. */
export type Direction = "ingress" | "egress";

/** A wire that carries less than all. */
export interface LinkFault {
  readonly kind: "cut" | "loss";
  /** Id of a network interface or of a peering connection. */
  readonly target: string;
  readonly direction: Direction;
  /** Of the packets that are dropped; 1 where it is cut. */
  readonly share: number;
}

/** Nobody comes to port 22 of a network interface from outside. */
export interface SshFault {
  readonly kind: "refuse-ssh";
  readonly target: string;
  /** What a packet to port 22 gets: a TCP reset, as where nothing listens, or nothing. */
  readonly answer: "reset" | "drop";
}

/**
 * The faults of a lab. The fabric makes them; they stay until they are cleared, what they are about is gone, or the lab
 * is destroyed.
 *
 * @throws when the file is not what {@link writeFaults} wrote
 */
export function readFaults(lab: Lab): Fault[] {
  const file = fileOf(lab);
  if (!existsSync(file)) return [];
  const value: unknown = JSON.parse(readFileSync(file, "utf8"));
  if (!Array.isArray(value) || !value.every(isFault))
    throw new Error(`${file} holds no faults. Remove it, and run overlaynet lab fault --clear`);
  return value;
}

/** To be called by who holds `lab.lock`. */
export function writeFaults(lab: Lab, faults: readonly Fault[]): void {
  const file = fileOf(lab);
  writeFileSync(`${file}.draft`, `${JSON.stringify(faults, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}

/** One fault of a wire and direction, one of a port: the later takes the place of the earlier. */
export function withFault(faults: readonly Fault[], added: readonly Fault[]): Fault[] {
  const key = (fault: Fault): string => `${fault.target} ${fault.kind === "refuse-ssh" ? fault.kind : fault.direction}`;
  const replaced = new Set(added.map(key));
  return [...faults.filter((fault) => !replaced.has(key(fault))), ...added];
}

function fileOf(lab: Lab): string {
  return join(lab.state, "faults.json");
}

function isFault(value: unknown): value is Fault {
  if (
    typeof value !== "object" ||
    value === null ||
    !("kind" in value) ||
    !("target" in value) ||
    typeof value.target !== "string"
  )
    return false;
  if (value.kind === "refuse-ssh") return "answer" in value && (value.answer === "reset" || value.answer === "drop");
  if (value.kind !== "cut" && value.kind !== "loss") return false;
  return (
    "direction" in value &&
    (value.direction === "ingress" || value.direction === "egress") &&
    "share" in value &&
    typeof value.share === "number" &&
    value.share >= 0 &&
    value.share <= 1
  );
}
