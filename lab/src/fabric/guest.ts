import { CommandError, run } from "../state/privileged";
import { CARD_BRIDGE, GUEST_PORT, interfaceIndex } from "./names";
import { VPC_MTU } from "../cloud/mtu";

export interface GuestInterface {
  /** Namespace of the card. */
  readonly card: string;
  readonly mac: string;
  /** `10.1.1.11/24` */
  readonly address: string;
  readonly gateway: string;
}

/**
 * A network namespace in the place of a node, to prove the fabric without booting one: its device is ens5, as on EC2.
 */
export class Guest {
  private constructor(readonly namespace: string) {}

  /** Makes the namespace and puts it on the card, in place of the tap. */
  static async attach(namespace: string, { card, mac, address, gateway }: GuestInterface): Promise<Guest> {
    const script = `set -eu
ip netns add ${namespace}
ip -n ${card} -batch - <<'IP'
link delete dev ${GUEST_PORT}
link add name ${GUEST_PORT} index ${interfaceIndex(GUEST_PORT)} mtu ${VPC_MTU} type veth peer name ens5 mtu ${VPC_MTU} address ${mac} netns ${namespace}
link set dev ${GUEST_PORT} master ${CARD_BRIDGE} up
IP
nsenter --net=/run/netns/${namespace} sh -eu <<'SH'
[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
for conf in all default ens5; do echo 0 >/proc/sys/net/ipv4/conf/$conf/rp_filter; done
ip -batch - <<'IP'
link set dev lo up
link set dev ens5 up
address add ${address} dev ens5
route add default via ${gateway} dev ens5
IP
nft -f - <<'NFT'
table ip arrivals {
chain prerouting { type filter hook prerouting priority raw; }
}
NFT
SH
`;
    await run(["sh", "-s"], { stdin: script });
    return new Guest(namespace);
  }

  /** A host that is there already, such as the internet's: for commands in its namespace and counts of what arrives. */
  static async of(namespace: string): Promise<Guest> {
    const guest = new Guest(namespace);
    await guest.exec([
      "nft",
      "add table ip arrivals; add chain ip arrivals prerouting { type filter hook prerouting priority raw; }",
    ]);
    return guest;
  }

  /** Puts another interface of the guest on its card. */
  async plug(device: string, { card, mac, address }: Omit<GuestInterface, "gateway">): Promise<void> {
    const script = `set -eu
ip -n ${card} link delete dev ${GUEST_PORT}
ip -n ${card} link add name ${GUEST_PORT} index ${interfaceIndex(GUEST_PORT)} mtu ${VPC_MTU} type veth peer name ${device} mtu ${VPC_MTU} address ${mac} netns ${this.namespace}
ip -n ${card} link set dev ${GUEST_PORT} master ${CARD_BRIDGE} up
nsenter --net=/run/netns/${this.namespace} sh -eu <<'SH'
echo 0 >/proc/sys/net/ipv4/conf/${device}/rp_filter
ip link set dev ${device} up
ip address add ${address} dev ${device}
SH
`;
    await run(["sh", "-s"], { stdin: script });
  }

  /** Runs a command in the guest. */
  async exec(argv: readonly string[], stdin = ""): Promise<string> {
    return run(["nsenter", `--net=/run/netns/${this.namespace}`, ...argv], { stdin });
  }

  /** Sends one packet of an IP protocol that is none of the kernel's own, and returns when it is on its way. */
  async sendProtocol(protocol: number, to: string, from?: string): Promise<void> {
    await this.send(`IP4-SENDTO:${to}:${protocol}${from === undefined ? "" : `,bind=${from}`}`);
  }

  /** Sends one UDP packet. */
  async sendUdp(port: number, to: string, from?: string): Promise<void> {
    await this.send(`UDP4-SENDTO:${to}:${port}${from === undefined ? "" : `,bind=${from}`}`);
  }

  /**
   * Counts what arrives from now on and matches an nft expression, before routing; call the result for the packets so
   * far.
   */
  async count(match: string): Promise<() => Promise<number>> {
    const rule = await this.exec(["nft", "-e", "-a", "add", "rule", "ip", "arrivals", "prerouting", match, "counter"]);
    const handle = /# handle (\d+)/.exec(rule)?.[1];
    return async () => {
      const rules = await this.exec(["nft", "-a", "list", "chain", "ip", "arrivals", "prerouting"]);
      const line = rules.split("\n").find((each) => each.endsWith(`# handle ${handle}`));
      const packets = /counter packets (\d+)/.exec(line ?? "")?.[1];
      if (packets === undefined) throw new Error(`No counter for "${match}" in ${this.namespace}`);
      return Number(packets);
    };
  }

  private async send(address: string): Promise<void> {
    try {
      await this.exec(["socat", "-u", "-", address], "probe");
    } catch (error) {
      // An ICMP error for an earlier packet is not about this one, and refusals are counted where packets should
      // arrive.
      if (!(error instanceof CommandError && /refused|unreachable|not available/i.test(error.stderr))) throw error;
    }
  }
}

/**
 * Waits until a count has reached 1; false when it has not in time. A second is long for packets that stay on one
 * machine.
 */
export async function arrives(count: () => Promise<number>, milliseconds = 1000): Promise<boolean> {
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline;) if ((await count()) > 0) return true;
  return false;
}
