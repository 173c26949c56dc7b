/** Sysctls of every namespace of the fabric; new namespaces would take the host's. */
export const quiet: Readonly<Record<string, string>> = {
  "ipv4/conf/all/rp_filter": "0",
  "ipv4/conf/default/rp_filter": "0",
  "ipv4/conf/all/accept_redirects": "0",
  "ipv4/conf/default/accept_redirects": "0",
  "ipv4/conf/all/send_redirects": "0",
  "ipv4/conf/default/send_redirects": "0",
  "ipv6/conf/all/disable_ipv6": "1",
  "ipv6/conf/default/disable_ipv6": "1",
};

/**
 * Of a namespace that forwards. It answers ARP for an address on the device that has it alone, as subnets are separate
 * in AWS.
 */
export const router: Readonly<Record<string, string>> = {
  ...quiet,
  "ipv4/ip_forward": "1",
  "ipv4/conf/all/arp_ignore": "1",
};
