/** How much of something an account may have. */
export interface Quotas {
  /** VPCs of a region. The lab only warns unless it is set: several stacks share a lab. */
  readonly "vpcs-per-region": number | undefined;
  /** Rules of one security group in one direction. */
  readonly "rules-per-security-group": number;
  readonly "security-groups-per-interface": number;
  readonly "routes-per-route-table": number;
  /** Active ones of one VPC. */
  readonly "peerings-per-vpc": number;
}

/** What a new account has (VPC User Guide, "Amazon VPC quotas"). */
export const DEFAULT_QUOTAS: Quotas = {
  "vpcs-per-region": undefined,
  "rules-per-security-group": 60,
  "security-groups-per-interface": 5,
  "routes-per-route-table": 50,
  "peerings-per-vpc": 50,
};

/** A new account's VPCs per region. */
export const VPCS_PER_REGION = 5;

/** AWS raises neither of the two beyond what makes a thousand rules for an interface. */
const RULES_PER_INTERFACE = 1000;

/**
 * Reads OVERLAYNET_LAB_QUOTAS, `rules-per-security-group=100,vpcs-per-region=5`: what AWS would have granted.
 *
 * @returns the quotas, and everything that is wrong with the text
 */
export function parseQuotas(text: string): { readonly quotas: Quotas; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const given = new Map<string, number>();
  for (const part of text.split(",").map((item) => item.trim())) {
    if (part === "") continue;
    const [, name = "", number = ""] = /^([a-z-]+)=(\d{1,6})$/.exec(part) ?? [];
    if (!Object.hasOwn(DEFAULT_QUOTAS, name))
      problems.push(
        `"${part}" is not a quota and its number. The quotas are ${Object.keys(DEFAULT_QUOTAS).join(", ")}`,
      );
    else given.set(name, Number(number));
  }
  const quotas = { ...DEFAULT_QUOTAS, ...Object.fromEntries(given) };
  const product = quotas["rules-per-security-group"] * quotas["security-groups-per-interface"];
  if (product > RULES_PER_INTERFACE) {
    problems.push(
      `rules-per-security-group times security-groups-per-interface is ${product}: AWS grants no more than ${RULES_PER_INTERFACE}`,
    );
  }
  return { quotas, problems };
}
