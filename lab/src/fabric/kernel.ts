import { existsSync } from "node:fs";
import { run } from "../state/privileged";

const BRIDGE_NETFILTER = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/**
 * Sees to it that security groups can see bridged packets. Loading br_netfilter would by itself pass the host's own
 * bridged packets to the host's filters, so that is turned off right away; each card turns it on for itself.
 *
 * @throws when the kernel has no br_netfilter
 */
export async function ensureBridgeNetfilter(): Promise<void> {
  if (existsSync(BRIDGE_NETFILTER)) return;
  await run([
    "sh",
    "-c",
    "modprobe br_netfilter && for family in ip ip6 arp; do echo 0 >/proc/sys/net/bridge/bridge-nf-call-${family}tables; done",
  ]);
}
