import type { Problem } from "../ippool/problem";

/** The network of hosts where a program names none. */
const DEFAULT_NETWORK = "default";

/** Networks and hosts, each host with the network that it stands in. */
export interface SettledNetworks<H, N> {
  readonly networks: readonly (N | { readonly name: string })[];
  readonly hosts: readonly (H & { readonly network: string })[];
  readonly problems: readonly Problem[];
}

/** A label value (Kubernetes, "Labels and Selectors"). */
const NETWORK_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Which network each host stands in; a host that names none stands in the only one. */
export function settledNetworks<
  H extends { readonly name: string; readonly network?: string },
  N extends { readonly name: string },
>(given: readonly N[] | undefined, hosts: readonly H[]): SettledNetworks<H, N> {
  const networks = given ?? [{ name: DEFAULT_NETWORK }];
  const [only] = networks.length === 1 ? networks : [];
  const names = networks.map(({ name }) => name);
  const problems: Problem[] = names.flatMap((name, i): Problem[] => {
    const path = `networks[${i}].name`;
    if (!NETWORK_NAME.test(name))
      return [{ path, message: `"${name}" cannot be a label: use letters, digits, "-", "_" and ".", at most 63` }];
    const first = names.indexOf(name);
    return first < i ? [{ path, message: `"${name}" is the name of networks[${first}] already` }] : [];
  });
  const settled = hosts.map((host, i) => {
    const network = host.network ?? only?.name;
    const path = `hosts[${i}].network`;
    if (network === undefined)
      problems.push({
        path,
        message: `is missing, and there are ${names.length} networks: name one of ${names.join(", ")}`,
      });
    else if (!names.includes(network))
      problems.push({ path, message: `there is no network "${network}": the networks are ${names.join(", ")}` });
    return { ...host, network: network ?? "" };
  });
  return { networks, hosts: settled, problems };
}
