import { containsCidr, formatCidr, overlaps, parseCidr, subnetAt, subnetCount } from "../ippool/cidr";
import type { Problem } from "../ippool/problem";

/** A subnet that holds nothing but an attachment's network interface in a zone. */
export interface TransitSubnetLayout {
  /** `<network>-transit-<zone's letter>`: its Name tag. */
  readonly key: string;
  readonly network: string;
  readonly availabilityZone: string;
  readonly cidrBlock: string;
}

/** As much of a network's layout as decides where they go. */
interface NetworkWithNodes {
  readonly name: string;
  readonly cidrBlock: string;
  readonly subnets: readonly { readonly name: string; readonly availabilityZone: string; readonly cidrBlock: string }[];
}

/** The smallest that AWS has, as the Transit Gateways Guide advises ("Transit gateway design best practices"). */
const PREFIX_LENGTH = 28;

/**
 * A subnet in every zone with nodes, as an attachment serves the zones of its subnets alone. They are apart from the
 * nodes' subnets, where EC2 might give an attachment the address that the next node is to have. Each zone has its
 * place, counted from the end of the VPC by the zone's letter, so that none moves when zones come and go.
 */
export function layOutTransitSubnets(
  networks: readonly NetworkWithNodes[],
  problems: Problem[],
): readonly TransitSubnetLayout[] {
  return networks.flatMap((network, i): TransitSubnetLayout[] => {
    const vpc = parseCidr(network.cidrBlock);
    const count = subnetCount(vpc, PREFIX_LENGTH);
    const zones = [...new Set(network.subnets.map(({ availabilityZone }) => availabilityZone))];
    return zones.flatMap((availabilityZone): TransitSubnetLayout[] => {
      const letter = /^[a-z]{2,3}(?:-[a-z]+)+-\d+([a-z])$/.exec(availabilityZone)?.[1];
      const path = `networks[${i}]`;
      if (letter === undefined) {
        problems.push({
          path: `${path}.subnets`,
          message: `${availabilityZone} is a local or wavelength zone, to which a transit gateway cannot be attached: use interconnect "Peering", or the region's zones`,
        });
        return [];
      }
      const place = count - 1n - BigInt(letter.charCodeAt(0) - "a".charCodeAt(0));
      const cidr = place < 0n ? undefined : subnetAt(vpc, PREFIX_LENGTH, place);
      const taken = cidr && network.subnets.find(({ cidrBlock }) => overlaps(parseCidr(cidrBlock), cidr));
      if (cidr === undefined || taken !== undefined || !containsCidr(vpc, cidr)) {
        const where =
          cidr === undefined
            ? `the VPC ${network.cidrBlock} has no free addresses`
            : `${formatCidr(cidr)} overlaps ${taken?.cidrBlock} of subnet ${taken?.name}: it leaves none`;
        problems.push({
          path: `${path}.cidrBlock`,
          message: `${where} for the transit gateway's subnet in ${availabilityZone}, a /${PREFIX_LENGTH} at the VPC's end: use a larger cidrBlock, or leave its end free`,
        });
        return [];
      }
      return [
        {
          key: `${network.name}-transit-${letter}`,
          network: network.name,
          availabilityZone,
          cidrBlock: formatCidr(cidr),
        },
      ];
    });
  });
}
