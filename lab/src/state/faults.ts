import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./paths";

/** Something that is made to go wrong outside the nodes. */
export type Fault = LinkFault | SshFault | ProtocolFault;

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

/** A VPC whose network does not carry an IP protocol, as other clouds' networks do not carry IP in IP. */
export interface ProtocolFault {
  readonly kind: "drop-protocol";
  /** Id of a VPC. */
  readonly target: string;
  /** IP protocol number, 1 to 255. */
  readonly protocol: number;
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

/** One fault of a wire and direction, one of a port, one of a VPC's protocol: the later takes the place of the earlier. */
export function withFault(faults: readonly Fault[], added: readonly Fault[]): Fault[] {
  const what = (fault: Fault): string =>
    "direction" in fault ? fault.direction : "protocol" in fault ? `${fault.kind} ${fault.protocol}` : fault.kind;
  const key = (fault: Fault): string => `${fault.target} ${what(fault)}`;
  const replaced = new Set(added.map(key));
  return [...faults.filter((fault) => !replaced.has(key(fault))), ...added];
}

function fileOf(lab: Lab): string {
  return join(lab.state, "faults.json");
}

/** Whether it is a protocol number that a packet can have; 0 is none of IPv4's. */
export function isProtocol(number: number): boolean {
  return number >= 1 && number <= 255;
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
  if (value.kind === "drop-protocol")
    return "protocol" in value && Number.isInteger(value.protocol) && isProtocol(Number(value.protocol));
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
