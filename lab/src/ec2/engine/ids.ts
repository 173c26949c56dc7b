import { createHash, randomBytes } from "node:crypto";

/** A new id as EC2 makes them: prefix, hyphen, 17 hex digits. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(9).toString("hex").slice(0, 17)}`;
}

/** An id that follows from what it is the id of. */
export function derivedId(prefix: string, ...of: readonly string[]): string {
  return `${prefix}-${digest(of).slice(0, 17)}`;
}

/** The MAC address of a network interface, from its id: unicast, locally administered, as on EC2. */
export function macAddress(networkInterfaceId: string): string {
  return ["0a", ...(digest([networkInterfaceId]).slice(0, 10).match(/../g) ?? [])].join(":");
}

function digest(of: readonly string[]): string {
  return createHash("sha256").update(of.join("\0")).digest("hex");
}
