import type { Cloud } from "../../cloud/cloud";
import { Connections } from "../../reach/connections";
import { answerTo, describeTransport, type Packet } from "../../reach/packet";
import type { Hop, Origin, Path } from "../../reach/path";
import { reach } from "../../reach/reach";
import { explanations, type ReasonCode } from "../../reach/reason";
import type { LabNode } from "../find-node";
import { fromGuest, type Question } from "./question";

/** A hop with the live counter of the rule or check that decided there. */
export type CountedHop = Hop & { readonly packets?: number };

/** A way, as it is told. */
export interface Told {
  readonly packet: Packet;
  readonly verdict: "delivered" | "dropped";
  /** Where it was dropped: why, in AWS' word, and what would have to change. */
  readonly code?: ReasonCode;
  readonly explanation?: string;
  readonly remedies?: readonly string[];
  readonly hops: readonly CountedHop[];
  /** The smallest MTU on the way, bytes. */
  readonly mtu: number;
}

export interface Answer {
  readonly packet: Told;
  /** The way back of what answers it, when it is delivered. */
  readonly answer?: Told;
  readonly notes: readonly string[];
}

/** The way of the packet and of what answers it. */
export function explain(cloud: Cloud, { origin, packet, to }: Question): Answer & { readonly reached: boolean } {
  const there = reach(cloud, origin, packet);
  const notes = to !== undefined && to.state !== "running" ? [`${to.name} is ${to.state}.`] : [];
  if (there.verdict === "dropped")
    return { packet: told(packet, there), notes: [...notes, ...masked(cloud, origin, packet, to)], reached: false };
  const answer: Packet = { ...answerTo(there.packet), length: 84, dontFragment: false };
  const back = reach(cloud, backFrom(cloud, there.to, origin), answer, there.connections);
  return { packet: told(packet, there), answer: told(answer, back), notes, reached: back.verdict === "delivered" };
}

function backFrom({ instances }: Cloud, to: "internet" | { readonly instanceId: string }, origin: Origin): Origin {
  if (to === "internet") return to;
  const answering = instances.find(({ id }) => id === to.instanceId);
  const asking = origin === "internet" ? undefined : instances.find(({ id }) => id === origin.instanceId);
  return answering === undefined ? to : fromGuest(answering, asking);
}

/**
 * A missing rule for a protocol without ports does not show once the other end has sent: it is tracked by address and
 * number.
 */
function masked(cloud: Cloud, origin: Origin, packet: Packet, to: LabNode | undefined): string[] {
  const receiver = cloud.instances.find(({ id }) => id === to?.id);
  if (receiver === undefined || packet.ports !== undefined || packet.icmp !== undefined) return [];
  const first = reach(cloud, backFrom(cloud, { instanceId: receiver.id }, origin), answerTo(packet), new Connections());
  if (reach(cloud, origin, packet, first.connections).verdict === "dropped") return [];
  return [
    `It does pass for 600 s after each packet that ${packet.destination} sends to ${packet.source}: ${describeTransport(packet)} is tracked by addresses and number alone.`,
  ];
}

function told(packet: Packet, path: Path): Told {
  const common = { packet, hops: path.hops, mtu: path.mtu };
  if (path.verdict === "delivered") return { ...common, verdict: "delivered" };
  return {
    ...common,
    verdict: "dropped",
    code: path.code,
    explanation: explanations[path.code],
    remedies: path.remedies,
  };
}
