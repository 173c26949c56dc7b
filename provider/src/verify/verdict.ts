import type { Encapsulation, TunnelKind } from "../ippool/pool-mode";
import { ENCAPSULATIONS } from "../plan/encapsulation";
import type { CapturedPacket } from "./capture";
import type { Pair } from "./pair";
import { PROBE_KINDS, type ProbeResult } from "./script";

/** What verify says of one ordered pair. */
export interface Verdict {
  readonly from: string;
  readonly to: string;
  readonly encapsulation: Encapsulation;
  /** Bytes. */
  readonly mtu: number;
  readonly verdict: "passed" | "failed";
  /** Passed: why the path is as it is. Failed: every finding, the first cause first. */
  readonly reason: string;
  /** What was on the wire at the sender's interface, as `IP a > b proto 4 | IP c > d`. */
  readonly wire: readonly string[];
}

/** Judges a pair by its probes and by the captures at both ends. Pure: the same evidence gives the same verdict. */
export function judge(
  pair: Pair,
  results: readonly ProbeResult[],
  sender: readonly CapturedPacket[],
  receiver: readonly CapturedPacket[],
): Verdict {
  const sent = sender.filter((packet) => carries(packet, pair));
  const arrived = receiver.filter((packet) => carries(packet, pair));
  const wire = [...new Set(sent.map(describePacket))].sort();
  const findings: string[] = [];

  const failed = PROBE_KINDS.filter((kind) => !results.some((r) => r.kind === kind && r.ok));
  if (failed.length > 0)
    findings.push(
      `${failed.map((kind) => `${PROBE_NAMES[kind]}: ${results.find((r) => r.kind === kind)?.text || "no result"}`).join("; ")}`,
    );

  if (sent.length === 0) {
    findings.push(`nothing of it was captured at ${pair.fromNode.name}'s interface`);
  } else {
    const wrong = wire.filter((line) => line !== expectedWire(pair));
    if (wrong.length > 0) findings.push(`on the wire ${wrong.join(", ")} instead of ${expectedWire(pair)}`);
    const translated = arrived.find((packet) => packet.inner !== undefined && packet.source !== seenSource(pair));
    if (translated !== undefined)
      findings.push(
        `it arrived at ${pair.toNode.name} from ${translated.source}, not from ${seenSource(pair)}: addresses are translated on the way; give ${pair.fromNode.name} its publicAddress, or let the networks route to each other`,
      );
    if (arrived.length === 0)
      findings.push(
        `it left ${pair.fromNode.name} as ${wire.join(", ")} and never arrived at ${pair.toNode.name}'s interface: ${suspect(pair)}`,
      );
  }

  for (const result of results) {
    if ((result.kind === "tcp" || result.kind === "udp") && result.ok && result.text !== pair.from.address) {
      findings.push(`${result.kind}: ${pair.to.name} saw it come from ${result.text}, not from ${pair.from.address}`);
    }
  }

  return {
    from: pair.from.name,
    to: pair.to.name,
    encapsulation: pair.encapsulation,
    mtu: pair.mtu,
    verdict: findings.length === 0 ? "passed" : "failed",
    reason: findings.length === 0 ? pair.reason : findings.join("; "),
    wire,
  };
}

const PROBE_NAMES = {
  icmp: "ICMP",
  tcp: "TCP",
  udp: "UDP",
  mtu: "DF at the MTU",
  over: "DF one byte above the MTU",
} as const;

/** The one form in which packets of the pair may leave the sender. */
export function expectedWire(pair: Pair): string {
  const inner = `IP ${pair.from.address} > ${pair.to.address}`;
  if (pair.encapsulation === "None") return inner;
  const outer = `IP ${pair.outer?.source ?? pair.fromNode.privateIp} > ${pair.outer?.destination ?? pair.toNode.privateIp}`;
  return `${outer} ${header(pair.encapsulation, pair.outer?.port, pair.outer?.vni)} | ${inner}`;
}

/** The outer source that encapsulated packets of the pair have when they arrive. */
function seenSource({ fromNode, toNode, outer }: Pair): string {
  const abroad = fromNode.network !== toNode.network ? fromNode.publicIp : undefined;
  return abroad ?? outer?.source ?? fromNode.privateIp;
}

/** Port and identifier are said where they are not the usual ones. */
function header(kind: TunnelKind, port?: number, vni?: number): string {
  const { ipProtocol, title, udp } = ENCAPSULATIONS[kind];
  if (udp === undefined) return `proto ${ipProtocol}`;
  const usual = (port ?? udp.port) === udp.port && (vni ?? udp.vni) === udp.vni;
  return usual ? `udp ${title}` : `udp ${port ?? udp.port} ${title} ${vni ?? udp.vni}`;
}

function describePacket(packet: CapturedPacket): string {
  const outer = `IP ${packet.source} > ${packet.destination}`;
  if (!packet.inner) return outer;
  return `${outer} ${header(packet.inner.encapsulation, packet.inner.port, packet.inner.vni)} | IP ${packet.inner.source} > ${packet.inner.destination}`;
}

function carries(packet: CapturedPacket, pair: Pair): boolean {
  const { source, destination } = packet.inner ?? packet;
  return source === pair.from.address && destination === pair.to.address;
}

/** Where to look first when packets leave and do not arrive. */
function suspect(pair: Pair): string {
  if (pair.encapsulation === "None")
    return `the source/dest check of ${pair.fromNode.name} or ${pair.toNode.name} is on, or a security group does not admit ${pair.from.address}, or, between subnets, the VPC's route table has no route to it`;
  const { ipProtocol, udp } = ENCAPSULATIONS[pair.encapsulation];
  const protocol = udp === undefined ? `protocol ${ipProtocol}` : `UDP ${pair.outer?.port ?? udp.port}`;
  return `a security group without ${protocol} from ${pair.fromNode.privateIp}, or no route between the subnets`;
}
