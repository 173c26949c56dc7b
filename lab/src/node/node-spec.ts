import { isIPv4 } from "node:net";
import type { Suite } from "../state/paths";

/** Another network device of a node, beside its first. */
export interface NodeInterface {
  /** 1 to 15; the device is `vec<index>` in the guest, which has to bring it up itself. */
  readonly deviceIndex: number;
  /** End of a wire in the node's namespace. */
  readonly port: string;
  readonly mac: string;
}

/** One node: an EC2 instance with its network interfaces. */
export interface NodeSpec {
  /** `i-` and 17 hex digits. */
  readonly instanceId: string;
  /** Network namespace that the card's tap device is in; the node runs in it. */
  readonly namespace: string;
  /** Persistent tap device in that namespace. */
  readonly tap: string;
  /** MAC address of the node's interface. */
  readonly mac: string;
  /** Private IPv4 address of the interface. */
  readonly address: string;
  /** Length of the subnet's prefix. */
  readonly prefixLen: number;
  /** The subnet's router, its first address after the network's. */
  readonly gateway: string;
  /** MTU of the interface, bytes, at most 9001 as on EC2. */
  readonly mtu: number;
  /** First label or full name; the user data's `hostname` goes before it. */
  readonly hostname: string;
  /** Lines of authorized_keys for the user admin: the KeyPair's public key. */
  readonly authorizedKeys: readonly string[];
  /** EC2 user data: `#cloud-config` or a `#!` script. See seed.ts for what is honoured. */
  readonly userDataBase64?: string;
  /** The release that a new node's disk is made from. Default bookworm (Debian 12). */
  readonly suite?: Suite;
  /** Secondary network interfaces. */
  readonly interfaces?: readonly NodeInterface[];
  /** Memory of the node, MiB. Default 192. */
  readonly memoryMiB?: number;
}

/**
 * The largest MTU of an EC2 network interface, bytes (docs: "Network maximum transmission unit (MTU) for your EC2
 * instance").
 */
export const MAX_MTU = 9001;

/**
 * What keeps the spec from being started: each problem names its field. Everything here ends in a command or kernel
 * argument.
 */
export function nodeSpecProblems(spec: NodeSpec): string[] {
  const memory = spec.memoryMiB ?? 192;
  const checks: [boolean, string][] = [
    [/^i-[0-9a-f]{1,17}$/.test(spec.instanceId), `instanceId "${spec.instanceId}" is not i- and hex digits`],
    [
      /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(spec.namespace),
      `namespace "${spec.namespace}" is not a network namespace's name`,
    ],
    [
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(spec.tap),
      `tap "${spec.tap}" is not an interface's name (at most 15 characters)`,
    ],
    [/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(spec.mac), `mac "${spec.mac}" is not a unicast MAC address`],
    [isIPv4(spec.address), `address "${spec.address}" is not an IPv4 address`],
    [
      Number.isInteger(spec.prefixLen) && spec.prefixLen >= 16 && spec.prefixLen <= 28,
      `prefixLen ${spec.prefixLen} is not 16 to 28`,
    ],
    [isIPv4(spec.gateway), `gateway "${spec.gateway}" is not an IPv4 address`],
    [Number.isInteger(spec.mtu) && spec.mtu >= 576 && spec.mtu <= MAX_MTU, `mtu ${spec.mtu} is not 576 to ${MAX_MTU}`],
    [isHostname(spec.hostname), `hostname "${spec.hostname}" is not a host name (RFC 1123)`],
    ...(spec.interfaces ?? []).map((each): [boolean, string] => [
      interfaceProblem(each) === undefined,
      interfaceProblem(each) ?? "",
    ]),
    [Number.isInteger(memory) && memory >= 128 && memory <= 8192, `memoryMiB ${memory} is not 128 to 8192`],
  ];
  return checks.filter(([fine]) => !fine).map(([, problem]) => problem);
}

/** What is wrong with a device: it ends in a kernel argument. */
export function interfaceProblem({ deviceIndex, port, mac }: NodeInterface): string | undefined {
  if (!Number.isInteger(deviceIndex) || deviceIndex < 1 || deviceIndex > 15)
    return `interface ${deviceIndex} is not 1 to 15`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(port))
    return `port "${port}" of interface ${deviceIndex} is not an interface's name (at most 15 characters)`;
  if (!/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i.test(mac))
    return `mac "${mac}" of interface ${deviceIndex} is not a unicast MAC address`;
  return undefined;
}

/** RFC 1123, section 2.1, at most 64 bytes as Linux keeps it. */
export function isHostname(name: string): boolean {
  return (
    name.length <= 64 &&
    /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/.test(name)
  );
}
