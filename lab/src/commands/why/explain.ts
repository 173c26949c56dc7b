import { isAddress } from "../../cloud/cidr";
import { existingNamespaces } from "../../fabric/apply";
import { type Cloud, type Instance, readCloud } from "../../cloud/cloud";
import { readCounters, type RuleCounter } from "../../fabric/counters";
import { INTERNET_ADDRESS, namespaceOfId, namespacePrefix } from "../../fabric/names";
import { Connections } from "../../reach/connections";
import { answerTo, describeTransport, ICMP, type Packet, TCP, UDP } from "../../reach/packet";
import type { Hop, Origin, Path } from "../../reach/path";
import { reach } from "../../reach/reach";
import { explanations, type ReasonCode } from "../../reach/reason";
import { readFaults } from "../../state/faults";
import type { Lab } from "../../state/paths";
import { RecordStore } from "../../state/store";
import { describeFault } from "../fault/faults";
import { chooseNode, type LabNode, labNodes } from "../find-node";

/** As given on the command line. */
export interface WhyOptions {
  readonly protocol?: string;
  readonly port?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly size?: string;
}

/** Where a packet starts, the packet, and where it is meant to arrive. */
export interface Question {
  readonly origin: Origin;
  readonly packet: Packet;
  /** The node that is asked about, if it is one. */
  readonly to?: LabNode;
}

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

/** The word for the lab's internet, beside names and addresses of nodes. */
const INTERNET = "internet";

/**
 * What `overlaynet lab why` asks.
 *
 * @param from a node's name, id or address, or `internet`
 * @param to the same, or any address
 * @throws Error with everything that is wrong with the words
 */
export function questionOf(
  cloud: Cloud,
  nodes: readonly LabNode[],
  from: string,
  to: string,
  options: WhyOptions,
): Question {
  const problems: string[] = [];
  const attempt = <T>(parse: () => T): T | undefined => {
    try {
      return parse();
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };
  const sender = from === INTERNET ? undefined : attempt(() => chooseNode(nodes, from));
  const isFree =
    to === INTERNET || (isAddress(to) && !nodes.some(({ privateIp, publicIp }) => [privateIp, publicIp].includes(to)));
  const receiver = isFree ? undefined : attempt(() => chooseNode(nodes, to));
  if (sender !== undefined && sender.id === receiver?.id && options.destination === undefined)
    problems.push(`${from} and ${to} are the same node.`);
  if (from === INTERNET && to === INTERNET) problems.push("Both ends are the internet.");

  const source = attempt(() => address("--source", options.source)) ?? sender?.privateIp ?? INTERNET_ADDRESS;
  const meant =
    to === INTERNET
      ? INTERNET_ADDRESS
      : isAddress(to)
        ? to
        : from === INTERNET
          ? receiver?.publicIp
          : receiver?.privateIp;
  const given = attempt(() => address("--destination", options.destination));
  if (meant === "" && given === undefined)
    problems.push(`${receiver?.name ?? to} has no public address: nothing reaches it from the internet.`);
  const transport = attempt(() => transportOf(options.protocol, options.port));
  const length = attempt(() => whole("--size", options.size, 20, 65535));
  const instance = cloud.instances.find(({ id }) => id === sender?.id);
  if (sender !== undefined && instance === undefined) problems.push(`${sender.name} is not in the lab's network.`);
  if (problems.length > 0 || transport === undefined) throw new Error(problems.join("\n"));

  const packet: Packet = {
    source,
    destination: given ?? meant ?? "",
    ...transport,
    ...(length === undefined ? {} : { length, dontFragment: true }),
  };
  const target = cloud.instances.find(({ id }) => id === receiver?.id);
  return {
    origin: instance === undefined ? "internet" : fromGuest(instance, target),
    packet,
    ...(receiver === undefined ? {} : { to: receiver }),
  };
}

/** A guest sends what is for a neighbour, or for workloads behind it, to the neighbour itself. */
function fromGuest({ id, subnet }: Instance, to: Instance | undefined): Origin {
  return to?.subnet.id === subnet.id && to.id !== id ? { instanceId: id, nextHop: to.privateIp } : { instanceId: id };
}

function transportOf(protocol: string | undefined, port: string | undefined): Omit<Packet, "source" | "destination"> {
  const name = (protocol ?? (port === undefined ? "icmp" : "tcp")).toLowerCase();
  const number =
    { icmp: ICMP, tcp: TCP, udp: UDP }[name] ??
    whole("--protocol", name, 0, 255, "tcp, udp, icmp or a number from 0 to 255");
  if (number === undefined) throw new Error("--protocol is empty");
  const destination = whole("--port", port, 0, 65535);
  if (number === TCP || number === UDP) {
    if (destination === undefined) throw new Error(`--protocol ${name} needs --port`);
    return { protocol: number, ports: { source: EPHEMERAL_PORT, destination }, length: 60, dontFragment: false };
  }
  if (destination !== undefined) throw new Error(`--port means nothing for --protocol ${name}`);
  const icmp = number === ICMP ? { icmp: { type: 8, code: 0, identifier: 1 } } : {};
  return { protocol: number, ...icmp, length: 84, dontFragment: false };
}

/** The first that Linux gives to whom asks for none; security groups do not look at it. */
const EPHEMERAL_PORT = 32768;

function whole(
  option: string,
  text: string | undefined,
  least: number,
  most: number,
  what = `a whole number from ${least} to ${most}`,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^\d{1,5}$/.test(text) || value < least || value > most) throw new Error(`${option} is ${what}, not "${text}"`);
  return value;
}

function address(option: string, text: string | undefined): string | undefined {
  if (text === undefined || isAddress(text)) return text;
  throw new Error(`${option} is an IPv4 address, not "${text}"`);
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

/** The hops with the counters of cards and routers: by network interface, or VPC. */
export function counted(hops: readonly Hop[], counters: ReadonlyMap<string, readonly RuleCounter[]>): CountedHop[] {
  return hops.map((hop, i) => {
    const last = i === hops.length - 1;
    const comment =
      hop.kind === "network-acl"
        ? hop.rule
        : hop.kind === "security-group"
          ? (hop.rule ?? (last ? `no ${hop.direction} rule` : undefined))
          : hop.kind === "source-dest-check" && last
            ? "source/dest check"
            : undefined;
    const chains = [
      hop.direction,
      hop.direction === "egress" ? "from-guest" : "from-subnet",
      `${hop.id}-${hop.direction}`,
    ];
    const counter = counters
      .get(hop.vpcId ?? hop.id)
      ?.find((each) => each.comment === comment && chains.includes(each.chain));
    return counter === undefined ? hop : { ...hop, packets: counter.packets };
  });
}

/** `overlaynet lab why`: reads the records and the counters, changes nothing and sends nothing. */
export async function why(
  lab: Lab,
  from: string,
  to: string,
  options: WhyOptions,
): Promise<Answer & { readonly reached: boolean }> {
  const cloud = readCloud(new RecordStore(lab).list());
  const { packet, answer, ...rest } = explain(cloud, questionOf(cloud, labNodes(lab), from, to, options));
  const prefix = namespacePrefix(lab);
  const there = new Set(existingNamespaces(prefix));
  const hops = [...packet.hops, ...(answer?.hops ?? [])];
  const counting: readonly Hop["kind"][] = ["security-group", "source-dest-check", "network-acl"];
  const places = [
    ...new Set(hops.filter(({ kind }) => counting.includes(kind)).map(({ id, vpcId }) => vpcId ?? id)),
  ].filter((id) => there.has(namespaceOfId(prefix, id)));
  const counters = new Map(
    await Promise.all(places.map(async (id) => [id, await readCounters(namespaceOfId(prefix, id))] as const)),
  );
  const withCounters = (way: Told): Told => ({ ...way, hops: counted(way.hops, counters) });
  const faults = readFaults(lab)
    .filter(({ target }) => hops.some(({ id }) => id === target))
    .map((fault) => `By lab fault, ${describeFault(fault)}.`);
  return {
    packet: withCounters(packet),
    ...(answer === undefined ? {} : { answer: withCounters(answer) }),
    ...rest,
    notes: [...rest.notes, ...faults],
  };
}

/** For people: a line per hop, then what decides. */
export function whyText({ packet, answer, notes }: Answer): string {
  return (
    [
      ...way("", packet),
      ...(answer === undefined ? [] : ["", ...way("The answer: ", answer)]),
      ...notes.map((note) => `\n${note}`),
    ].join("\n") + "\n"
  );
}

function way(title: string, { packet, verdict, code, explanation, remedies = [], hops, mtu }: Told): string[] {
  const rows = [
    ["", "PLACE", "WHAT", "", "PACKETS"],
    ...hops.map(({ kind, id, direction, text, packets }, i) => [
      String(i + 1),
      id,
      direction === undefined ? kind : `${kind} ${direction}`,
      text,
      packets === undefined ? "" : String(packets),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const last = hops.at(-1);
  return [
    `${title}${describeTransport(packet)} from ${packet.source} to ${packet.destination}, ${packet.length} bytes${packet.dontFragment ? ", not to be cut" : ""}`,
    ...rows.map(
      (row) =>
        `  ${row
          .map((cell, column) =>
            column === 0 || column === 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
          )
          .join("  ")
          .trimEnd()}`,
    ),
    ...(verdict === "delivered"
      ? [`Delivered; the way carries packets of ${mtu} bytes.`]
      : [`Dropped at ${last?.id}: ${code}: ${explanation}.`, ...remedies.map((remedy) => `  ${remedy}`)]),
  ];
}
