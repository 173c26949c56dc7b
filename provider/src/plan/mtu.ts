import type { IpVersion } from "../ippool/cidr";
import type { NetworkMtu } from "./topology";

/** Between instances of one VPC and over peering within a region (EC2 User Guide, "Network MTU"). */
export const DEFAULT_HOST_MTU = 9001;

/** Smallest datagram that every host takes (RFC 791) and smallest link MTU (RFC 8200 5), bytes. */
export const SMALLEST_MTU: Readonly<Record<IpVersion, number>> = { 4: 576, 6: 1280 };

/**
 * The MTU of the underlay between any two networks. Networks go by number, and so do the few different MTUs
 * ("classes"), since every pair of nodes asks.
 */
export class NetworkMtus {
  /** The MTU of each class, bytes. */
  readonly mtus: readonly number[];
  private readonly classes: readonly (readonly number[])[];

  constructor(
    readonly hostMtu: number,
    readonly networks: readonly (string | undefined)[],
    limits: readonly NetworkMtu[],
  ) {
    const between = networks.map(() => networks.map(() => hostMtu));
    for (const {
      networks: [first, second],
      mtu,
    } of limits) {
      const [a, b] = [networks.indexOf(first), networks.indexOf(second)];
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const row = between[from];
        const known = row?.[to];
        if (row !== undefined && known !== undefined) row[to] = Math.min(known, mtu);
      }
    }
    this.mtus = [...new Set([hostMtu, ...between.flat()])];
    this.classes = between.map((row) => row.map((mtu) => this.mtus.indexOf(mtu)));
  }

  /** The classes from one network to each, by the networks' numbers. */
  classesFrom(network: number): readonly number[] {
    return this.classes[network] ?? [];
  }

  /** The worst MTU from a network to any, itself included, bytes. */
  worstFrom(network: number): number {
    return Math.min(...this.classesFrom(network).map((index) => this.mtus[index] ?? this.hostMtu));
  }
}
