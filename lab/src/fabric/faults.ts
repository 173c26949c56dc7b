import type { Fault, LinkFault, ProtocolFault } from "../state/faults";
import type { Cloud } from "../cloud/cloud";
import { CARD_BRIDGE, interfaceName, namespaceOfId } from "./names";
import { MAIN_TABLE, type Namespace, type NftTable } from "./namespace";

/** The name of the nft tables with faults. */
const FAULT_TABLE = "faults";

/**
 * Namespaces with faults in them: those of wires at the VPC's end, which is where frames are lost that a network
 * interface has sent and counted; a refused port in the card, behind the security groups. Faults of what is not there
 * are left out. Each namespace that may have faults has the tables, empty ones too, so that a fault that is over leaves
 * nothing.
 */
export function withFaults(
  prefix: string,
  namespaces: readonly Namespace[],
  cloud: Cloud,
  faults: readonly Fault[],
): Namespace[] {
  const vpcs = new Map([...cloud.vpcs.keys()].map((id) => [namespaceOfId(prefix, id), id]));
  const cards = new Map(
    cloud.networkInterfaces.map(({ networkInterfaceId }) => [
      namespaceOfId(prefix, networkInterfaceId),
      networkInterfaceId,
    ]),
  );
  return namespaces.map((namespace) => {
    const [vpcId, card] = [vpcs.get(namespace.name), cards.get(namespace.name)];
    if (vpcId !== undefined) return { ...namespace, tables: [...namespace.tables, ...wires(vpcId, cloud, faults)] };
    if (card === undefined) return namespace;
    const refusal = faults.find((fault) => fault.kind === "refuse-ssh" && fault.target === card);
    const answer = refusal?.kind === "refuse-ssh" ? refusal.answer : undefined;
    return {
      ...namespace,
      tables: [...namespace.tables, table("ip", answer === undefined ? [] : refuseSsh(card, answer))],
      // A reset is routed before the bridge takes it back to where the packet came from.
      routes:
        answer === "reset"
          ? [...namespace.routes, { table: MAIN_TABLE, destination: "0.0.0.0/0", via: { dev: CARD_BRIDGE } }]
          : namespace.routes,
    };
  });
}

/**
 * The network interface or peering connection whose namespace counts what a fault does, and the comment of its counters.
 */
export function faultCounter(
  fault: Fault,
  cloud: Cloud,
): { readonly namespaceOf: string; readonly comment: string } | undefined {
  if (fault.kind === "refuse-ssh") return { namespaceOf: fault.target, comment: `${fault.target} refuse-ssh` };
  const comment = commentOf(fault);
  if (fault.kind === "drop-protocol") return { namespaceOf: fault.target, comment };
  const vpcId =
    cloud.networkInterfaces.find(({ networkInterfaceId }) => networkInterfaceId === fault.target)?.subnet.vpcId ??
    cloud.peerings.find(({ id }) => id === fault.target)?.requesterVpcId;
  return vpcId === undefined ? undefined : { namespaceOf: vpcId, comment };
}

/** Whether what a fault is about is there. */
export function isOfCloud({ target }: Fault, { networkInterfaces, peerings, vpcs }: Cloud): boolean {
  return (
    vpcs.has(target) ||
    networkInterfaces.some(({ networkInterfaceId }) => networkInterfaceId === target) ||
    peerings.some(({ id }) => id === target)
  );
}

function wires(vpcId: string, cloud: Cloud, faults: readonly Fault[]): NftTable[] {
  const own = (isOwn: (target: string) => boolean, direction: LinkFault["direction"]): LinkFault[] =>
    faults.flatMap((fault) =>
      "direction" in fault && fault.direction === direction && isOwn(fault.target) ? [fault] : [],
    );
  // What the VPC's instances send and what they would receive: all that crosses the bridges of its subnets.
  const dropped = faults.flatMap((fault) =>
    fault.kind === "drop-protocol" && fault.target === vpcId
      ? [`ip protocol ${fault.protocol} counter drop comment "${commentOf(fault)}"`]
      : [],
  );
  const ofCard = (target: string): boolean =>
    cloud.networkInterfaces.some(
      ({ networkInterfaceId, subnet }) => networkInterfaceId === target && subnet.vpcId === vpcId,
    );
  // Both directions of a peering connection pass its requester.
  const ofPeering = (target: string): boolean =>
    cloud.peerings.some(({ id, requesterVpcId }) => id === target && requesterVpcId === vpcId);
  return [
    table("bridge", [
      ...chain("sent", "prerouting", -300, [
        ...own(ofCard, "egress").map((fault) => drop(`iifname "${interfaceName("c", fault.target)}"`, fault)),
        ...dropped,
      ]),
      ...chain("received", "postrouting", 0, [
        ...own(ofCard, "ingress").map((fault) => drop(`oifname "${interfaceName("c", fault.target)}"`, fault)),
        ...dropped,
      ]),
    ]),
    table(
      "ip",
      chain("peerings", "forward", -10, [
        ...own(ofPeering, "egress").map((fault) => drop(`oifname "${interfaceName("p", fault.target)}"`, fault)),
        ...own(ofPeering, "ingress").map((fault) => drop(`iifname "${interfaceName("p", fault.target)}"`, fault)),
      ]),
    ),
  ];
}

/**
 * After the security groups, which are at priority 0: what they drop gets no answer. The mark says that it comes from
 * the subnet.
 */
function refuseSsh(card: string, answer: "reset" | "drop"): string[] {
  return chain("ssh", "forward", 10, [
    `meta mark 2 tcp dport 22 counter ${answer === "reset" ? "reject with tcp reset" : "drop"} comment "${card} refuse-ssh"`,
  ]);
}

function chain(name: string, hook: string, priority: number, rules: readonly string[]): string[] {
  return rules.length === 0
    ? []
    : [`chain ${name} {`, `type filter hook ${hook} priority ${priority}; policy accept;`, ...rules, "}"];
}

function drop(device: string, fault: LinkFault): string {
  return `${device}${fault.share >= 1 ? "" : ` numgen random mod ${MILLION} < ${Math.round(fault.share * MILLION)}`} counter drop comment "${commentOf(fault)}"`;
}

function commentOf(fault: LinkFault | ProtocolFault): string {
  return `${fault.target} ${fault.kind === "drop-protocol" ? `${fault.kind} ${fault.protocol}` : fault.direction}`;
}

const MILLION = 1_000_000;

function table(family: NftTable["family"], body: readonly string[]): NftTable {
  return { family, name: FAULT_TABLE, body };
}
