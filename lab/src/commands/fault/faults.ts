import { readCloud } from "../../cloud/cloud";
import { isOfCloud } from "../../fabric/faults";
import { reconcile } from "../../fabric/reconcile";
import { nodeStatus, resumeNode } from "../../node/node";
import { type Direction, type Fault, readFaults, withFault, writeFaults } from "../../state/faults";
import { withLock } from "../../state/lock";
import type { Lab } from "../../state/paths";
import { RecordStore } from "../../state/store";
import { chooseNode, labNodes, nameOf } from "../find-node";

/** Directions by the words of the command line. */
export const directions = {
  both: ["ingress", "egress"],
  ingress: ["ingress"],
  egress: ["egress"],
} as const satisfies Readonly<Record<string, readonly Direction[]>>;

/**
 * Cuts the wires of a node's network interfaces, of one interface or of a peering connection, or has it lose packets.
 *
 * @param share of the packets that are dropped, above 0, at most 1: cut
 * @returns the faults that were made
 */
export async function faultLink(
  lab: Lab,
  wanted: string,
  direction: keyof typeof directions,
  share: number,
): Promise<Fault[]> {
  const kind = share >= 1 ? "cut" : "loss";
  return change(lab, (targets) =>
    targets(wanted, "wires").flatMap((target) =>
      directions[direction].map((each): Fault => ({ kind, target, direction: each, share: Math.min(1, share) })),
    ),
  );
}

/** Refuses what comes to port 22 of a node's network interfaces; `lab ssh` and `lab exec` still have their way in. */
export async function refuseSsh(lab: Lab, wanted: string, answer: "reset" | "drop"): Promise<Fault[]> {
  return change(lab, (targets) =>
    targets(wanted, "interfaces").map((target): Fault => ({ kind: "refuse-ssh", target, answer })),
  );
}

/** Drops an IP protocol in a VPC: what its instances send, and what they would receive. */
export async function dropProtocol(lab: Lab, wanted: string, protocol: number): Promise<Fault[]> {
  return change(lab, (targets) =>
    targets(wanted, "vpcs").map((target): Fault => ({ kind: "drop-protocol", target, protocol })),
  );
}

/**
 * Takes faults back, and resumes paused nodes: of a node, an interface, a peering connection or a VPC, or all.
 *
 * @returns what there was
 */
export async function clearFaults(
  lab: Lab,
  wanted?: string,
): Promise<{ readonly faults: readonly Fault[]; readonly resumed: readonly string[] }> {
  const targets = wanted === undefined ? undefined : new Set(targetsOf(lab)(wanted, "all"));
  const isMeant = (target: string): boolean => targets?.has(target) ?? true;
  const { records, cleared } = await withLock(lab.lock, "clearing faults", async () => {
    const [before, records] = [readFaults(lab), new RecordStore(lab).list()];
    writeFaults(
      lab,
      before.filter(({ target }) => !isMeant(target)),
    );
    await reconcile(lab, records);
    return { records, cleared: before.filter(({ target }) => isMeant(target)) };
  });
  const own = new Set(
    readCloud(records)
      .networkInterfaces.filter(({ networkInterfaceId }) => isMeant(networkInterfaceId))
      .map(({ instanceId }) => instanceId),
  );
  const paused = labNodes(lab).filter(({ id }) => own.has(id) && nodeStatus(lab, id).paused === true);
  for (const { id } of paused) await resumeNode(lab, id);
  return { faults: cleared, resumed: paused.map(({ name }) => name) };
}

/** What a fault may be about. */
type Kind = "all" | "wires" | "interfaces" | "vpcs";
type Targets = (wanted: string, kind: Kind) => string[];

/** Adds faults under the lab's lock; those of what is gone go at the same time. */
async function change(lab: Lab, make: (targets: Targets) => Fault[]): Promise<Fault[]> {
  return withLock(lab.lock, "making a fault", async () => {
    const records = new RecordStore(lab).list();
    const cloud = readCloud(records);
    const made = make(targetsOf(lab));
    writeFaults(
      lab,
      withFault(readFaults(lab), made).filter((fault) => isOfCloud(fault, cloud)),
    );
    await reconcile(lab, records);
    return made;
  });
}

/**
 * What a person means: a node, by all that findNode takes, an interface's id, or the id or Name tag of a peering
 * connection or a VPC.
 */
function targetsOf(lab: Lab): Targets {
  const records = new RecordStore(lab).list();
  const { networkInterfaces, peerings, vpcs } = readCloud(records);
  const named = records.map((record) => ({ id: record.id, name: nameOf(record) }));
  const among = (wanted: string, isOne: (id: string) => boolean): string[] =>
    named.filter(({ id, name }) => isOne(id) && (id === wanted || name === wanted)).map(({ id }) => id);
  const vpcsOf = (wanted: string): string[] => among(wanted, (id) => vpcs.has(id));
  return (wanted, kind) => {
    if (kind === "vpcs") return onlyVpc(wanted, vpcsOf(wanted), [...vpcs.keys()]);
    if (networkInterfaces.some(({ networkInterfaceId }) => networkInterfaceId === wanted)) return [wanted];
    const peering = kind === "interfaces" ? [] : among(wanted, (id) => peerings.some((each) => each.id === id));
    const vpc = kind === "all" ? vpcsOf(wanted) : [];
    if (peering.length + vpc.length === 1) return [...peering, ...vpc];
    if (/^(?:eni|pcx|vpc)-/.test(wanted))
      throw new Error(`The lab has no ${wanted}${kind === "interfaces" ? " that has a port 22" : ""}`);
    const node = chooseNode(labNodes(lab), wanted);
    return networkInterfaces
      .filter(({ instanceId }) => instanceId === node.id)
      .map(({ networkInterfaceId }) => networkInterfaceId);
  };
}

/** @throws Error where no VPC has that id or Name tag, or several have it */
function onlyVpc(wanted: string, found: readonly string[], all: readonly string[]): string[] {
  if (found.length === 1) return [...found];
  throw new Error(
    found.length === 0
      ? `The lab has no VPC "${wanted}". There are: ${all.join(", ") || "none"}`
      : `"${wanted}" is the name of several VPCs: ${found.join(", ")}. Use an id`,
  );
}
