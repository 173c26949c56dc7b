import { formatCidr } from "../cloud/cidr";
import type { NetworkAcl, NetworkAclEntry } from "../cloud/network-acl";
import type { Subnet } from "../cloud/vpc";
import { interfaceName } from "./names";

/**
 * The network ACLs of a VPC's subnets as statements of its router's nft table: the chains `leaving` and `entering`, to
 * jump to with what is forwarded, which return what may pass. Stateless, and nothing that stays inside a subnet (VPC
 * User Guide, "Network ACL basics"). A rule's comment is the ACL's id and the rule's number, `*` for the rule that ends
 * every ACL.
 */
export function networkAclChains(subnets: readonly Subnet[]): string[] {
  const acls = [...new Map(subnets.map(({ networkAcl }) => [networkAcl.id, networkAcl])).values()];
  return [
    ...acls.flatMap((acl) => [...chain(acl, "egress", "daddr"), ...chain(acl, "ingress", "saddr")]),
    ...subnets.flatMap(({ id, networkAcl }) => {
      const dev = interfaceName("s", id);
      return [
        `chain leave-${dev} { oifname "${dev}" return; goto ${networkAcl.id}-egress; }`,
        `chain enter-${dev} { iifname "${dev}" return; goto ${networkAcl.id}-ingress; }`,
      ];
    }),
    `chain leaving {${dispatch("iifname", "leave", subnets)} }`,
    `chain entering {${dispatch("oifname", "enter", subnets)} }`,
  ];
}

function dispatch(port: "iifname" | "oifname", verb: "leave" | "enter", subnets: readonly Subnet[]): string {
  const devices = subnets.map(({ id }) => interfaceName("s", id));
  return devices.length === 0
    ? ""
    : ` ${port} vmap { ${devices.map((dev) => `"${dev}" : goto ${verb}-${dev}`).join(", ")} };`;
}

function chain(acl: NetworkAcl, direction: "ingress" | "egress", side: "saddr" | "daddr"): string[] {
  return [
    `chain ${acl.id}-${direction} {`,
    ...acl[direction].map((entry) => statement(acl.id, entry, side)),
    `counter drop comment "${acl.id} *"`,
    "}",
  ];
}

function statement(
  aclId: string,
  { ruleNumber, action, cidr, protocol, ports, icmp: message }: NetworkAclEntry,
  side: "saddr" | "daddr",
): string {
  const address = formatCidr(cidr) === "0.0.0.0/0" ? [] : [`ip ${side} ${formatCidr(cidr)}`];
  const verdict = action === "allow" ? "return" : "drop";
  return [...address, ...match(protocol, ports, message), `counter ${verdict} comment "${aclId} ${ruleNumber}"`].join(
    " ",
  );
}

function match(protocol: number | "all", ports: NetworkAclEntry["ports"], message: NetworkAclEntry["icmp"]): string[] {
  if (protocol === "all") return [];
  if (ports !== undefined) return [`ip protocol ${protocol}`, `th dport ${ports.from}-${ports.to}`];
  if (message === undefined) return [`ip protocol ${protocol}`];
  return [
    "ip protocol icmp",
    ...(message.type === -1 ? [] : [`icmp type ${message.type}`]),
    ...(message.code === -1 ? [] : [`icmp code ${message.code}`]),
  ];
}
