import { DEFAULTS, type OverlayNetworkArgs } from "../generated/component-args";
import type { NetworkMtu } from "../generated/resource-types";

/** What the plan takes: the largest MTU of any interface, and where packets must be smaller. */
export interface UnderlayMtus<Given> {
  readonly hostMtu: number;
  readonly networkMtus: readonly (NetworkMtu | Given)[];
}

/**
 * Between two networks the lesser of their MTUs counts, unless another is given for the pair: a path may also carry
 * less (a tunnel of a provider) or, of two whose hosts have interfaces of different MTUs, no more than both.
 */
export function underlayMtus<Given>(
  networks: readonly OverlayNetworkArgs[],
  given: readonly Given[] = [],
): UnderlayMtus<Given> {
  const all = networks.map(({ name, mtu = DEFAULTS.OverlayNetwork.mtu }) => ({ name, mtu }));
  const hostMtu = Math.max(DEFAULT_LEAST, ...all.map(({ mtu }) => mtu));
  const lesser = all.flatMap((one, i) =>
    all.slice(i).flatMap((other): NetworkMtu[] => {
      const mtu = Math.min(one.mtu, other.mtu);
      return mtu < hostMtu ? [{ networks: [one.name, other.name], mtu }] : [];
    }),
  );
  return { hostMtu, networkMtus: [...lesser, ...given] };
}

/** Where there is no network there is no packet either; the plan wants a number. */
const DEFAULT_LEAST = 68;
