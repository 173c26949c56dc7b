import { readCloud } from "../../cloud/cloud";
import { existingNamespaces } from "../../fabric/apply";
import { readCounters, type RuleCounter } from "../../fabric/counters";
import { namespaceOfId, namespacePrefix } from "../../fabric/names";
import type { Hop } from "../../reach/path";
import { type Fault, readFaults } from "../../state/faults";
import type { Lab } from "../../state/paths";
import { RecordStore } from "../../state/store";
import { describeFault } from "../fault/describe-fault";
import { labNodes } from "../find-node";
import { type Answer, type CountedHop, explain, type Told } from "./explain";
import { questionOf, type WhyOptions } from "./question";

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
  const ids = new Set(hops.map(({ id }) => id));
  const vpcIds = new Set(
    cloud.networkInterfaces
      .filter(({ networkInterfaceId }) => ids.has(networkInterfaceId))
      .map(({ subnet }) => subnet.vpcId),
  );
  const isOnTheWay = (fault: Fault): boolean =>
    fault.kind === "drop-protocol"
      ? vpcIds.has(fault.target) && fault.protocol === packet.packet.protocol
      : ids.has(fault.target);
  const faults = readFaults(lab)
    .filter(isOnTheWay)
    .map((fault) => `By lab fault, ${describeFault(fault)}.`);
  return {
    packet: withCounters(packet),
    ...(answer === undefined ? {} : { answer: withCounters(answer) }),
    ...rest,
    notes: [...rest.notes, ...faults],
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
