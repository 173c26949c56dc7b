/** Numbers of IP protocols that AWS looks into (IANA, "Assigned Internet Protocol Numbers"). */
export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const ICMPV6 = 58;

/** Those that AWS' rules may spell by name, in lower case. */
export const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = { icmp: ICMP, tcp: TCP, udp: UDP, icmpv6: ICMPV6 };
