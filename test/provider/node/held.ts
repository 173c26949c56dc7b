import type { TestNode } from "../../support/test-node";

/**
 * All that a node holds in the kernel, but for what changes by itself: indexes, counters, order, random addresses and
 * names.
 */
export function held(node: TestNode): string {
  const lines = node
    .sh(
      `ip -4 -N -d route show table all; ip -o -d link show; ip -o -4 address show; bridge fdb show | grep permanent; ip -4 neigh show nud permanent
       for name in $(ip netns list | cut -d ' ' -f 1 | sort); do ip -n $name -4 -o address show; ip -n $name route show; done
       grep . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/rp_filter; find /etc/overlaynet/parts /etc/cni -type f | xargs -r sha256sum`,
    )
    .replaceAll(/^\d+: /gm, "")
    .replaceAll(/veth[0-9a-f]{8}(@if\d+)?/g, "veth")
    .replaceAll(/@if\d+|if\d+/g, "")
    .replaceAll(/link-netnsid \d+|link-netns \S+/g, "")
    .replaceAll(/link\/ether (?!66:00:00:)\S+/g, "link/ether random")
    // FDB entries that the kernel makes itself, for multicast and for devices' own addresses.
    .replaceAll(/^(?!66:(?:00:00|11:11|22:22|33:33)|00:00)[0-9a-f:]{17} .*$/gm, "")
    .replaceAll(/qlen \d+/g, "")
    .split("\n");
  return [
    ...lines.filter((line) => line !== "").sort(),
    inOrder(node.sh("nft -s list ruleset").replaceAll(/veth[0-9a-f]{8}/g, "veth")),
  ].join("\n");
}

/** Sets have no order: nftables shows their elements as they came. */
export function inOrder(ruleset: string): string {
  return ruleset.replaceAll(
    /elements = \{([^}]*)\}/g,
    (_, elements: string) =>
      `elements = { ${elements
        .split(",")
        .map((element) => element.trim())
        .sort()
        .join(", ")} }`,
  );
}
