import { type Cidr, type IpVersion, parseCidr } from "../ippool/cidr";
import type { IpPool } from "../ippool/ippool";
import { type Encapsulation, isCrossSubnet, modeInWords, poolEncapsulation } from "../ippool/pool-mode";

/** What of an IP pool decides about packets. Disabled pools count like others: they only stop giving addresses. */
export interface PlannedPool {
  /** Its place among the planned pools. */
  readonly number: number;
  readonly pool: IpPool;
  readonly name: string;
  readonly cidr: Cidr;
  readonly version: IpVersion;
  readonly encapsulation: Encapsulation;
  /** Whether packets to nodes of the sender's subnet go out as they are. */
  readonly crossSubnet: boolean;
  /** The mode in words, as the manifest spells it. */
  readonly mode: string;
}

/**
 * The pools that routes follow from: pools for load balancers have none (felix/calc/l3_route_resolver.go,
 * poolTypeForPool).
 */
export function plannedPools(pools: readonly IpPool[]): readonly PlannedPool[] {
  return pools.filter((pool) => !isLoadBalancerPool(pool)).map(plannedPool);
}

function isLoadBalancerPool({ allowedUses }: IpPool): boolean {
  return allowedUses.length > 0 && allowedUses.every((use) => use === "LoadBalancer");
}

function plannedPool(pool: IpPool, number: number): PlannedPool {
  const cidr = parseCidr(pool.cidr);
  return {
    number,
    pool,
    name: pool.name,
    cidr,
    version: cidr.version,
    encapsulation: poolEncapsulation(pool),
    crossSubnet: isCrossSubnet(pool),
    mode: modeInWords(pool),
  };
}
