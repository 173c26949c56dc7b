/**
 * Keywords of IANA's "Assigned Internet Protocol Numbers" by number, as the provider spells them; `-` is a number that
 * it does not take.
 */
const KEYWORDS = (
  "hopopt icmp igmp ggp ipv4 st tcp cbt egp igp bbn-rcc-mon nvp-ii pup argus emcon xnet chaos udp mux dcn-meas hmp prm xns-idp trunk-1 trunk-2 leaf-1 leaf-2 rdp irtp iso-tp4 " +
  "netblt mfe-nsp merit-inp dccp 3pc idpr xtp ddp idpr-cmtp tp++ il ipv6 sdrp ipv6-route ipv6-frag idrp rsvp gre dsr bna esp ah i-nlsp swipe narp mobile tlsp - ipv6-icmp ipv6-nonxt " +
  "ipv6-opts 61 cftp 63 sat-expak kryptolan rvd ippc 68 sat-mon visa ipcv cpnx cphb wsn pvp br-sat-mon sun-nd wb-mon wb-expak iso-ip vmtp secure-vmtp vines ttp nsfnet-igp dgp " +
  "tcf eigrp ospfigp sprite-rpc larp mtp ax.25 ipip micp scc-sp etherip encap 99 gmtp ifmp pnni pim aris scps qnx a/n ipcomp snp compaq-peer ipx-in-ip vrrp pgm 114 l2tp dd iatp " +
  "stp srp uti smp sm ptp isis-over-ipv4 fire crtp crudp sscopmce iplt sps pipe sctp fc rsvp-e2e-ignore mobility-header udplite mpls-in-ip manet hip shim6 wesp rohc"
).split(" ");

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ["all", -1],
  ...KEYWORDS.flatMap((keyword, number): [string, number][] =>
    keyword === "-"
      ? []
      : [
          [keyword, number],
          [String(number), number],
        ],
  ),
  // For experiments (RFC 3692).
  ["253", 253],
  ["254", 254],
  ["-1", -1],
]);

/**
 * The number of a protocol in a network ACL's rule, given as number or keyword; -1 is every one. `ipip` is 94 as at
 * IANA; IP in IP (RFC 2003) is `ipv4` or 4.
 *
 * @returns undefined for what the provider refuses as `unsupported NACL protocol`
 */
export function aclProtocolNumber(text: string): number | undefined {
  return NUMBERS.get(/^-?\d+$/.test(text) ? String(Number(text)) : text);
}
