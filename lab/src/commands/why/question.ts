import { isAddress } from "../../cloud/cidr";
import type { Cloud } from "../../cloud/cloud";
import type { Instance } from "../../cloud/network-interface";
import { INTERNET_ADDRESS } from "../../cloud/well-known-address";
import { type Packet } from "../../reach/packet";
import { ICMP, TCP, UDP } from "../../cloud/ip-protocol";
import type { Origin } from "../../reach/path";
import { chooseNode, type LabNode } from "../find-node";

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
    problems.push(`${from} and ${to} are the same node`);
  if (from === INTERNET && to === INTERNET) problems.push("Both ends are the internet");

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
    problems.push(`${receiver?.name ?? to} has no public address: nothing reaches it from the internet`);
  const transport = attempt(() => transportOf(options.protocol, options.port));
  const length = attempt(() => whole("--size", options.size, 20, 65535));
  const instance = cloud.instances.find(({ id }) => id === sender?.id);
  if (sender !== undefined && instance === undefined) problems.push(`${sender.name} is not in the lab's network`);
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
export function fromGuest({ id, subnet }: Instance, to: Instance | undefined): Origin {
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
