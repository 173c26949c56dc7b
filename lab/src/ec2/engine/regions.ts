import { ApiError } from "./api-error";

/** The account that every lab is: no real one has this number. */
export const ACCOUNT_ID = "000000000000";

export interface Region {
  readonly name: string;
  readonly description: string;
  readonly zones: readonly Zone[];
}

export interface Zone {
  readonly name: string;
  readonly id: string;
}

/**
 * Code, description and first word of the zone ids (AWS Regions and Availability Zones User Guide); zones by letter,
 * with the number of the id.
 */
const REGIONS: Readonly<
  Record<string, readonly [description: string, zonePrefix: string, zones: Readonly<Record<string, number>>]>
> = {
  // Which letter is which zone differs from account to account; these are as recorded from one.
  "us-east-1": ["US East (N. Virginia)", "use1", { a: 6, b: 1, c: 2, d: 4, e: 3, f: 5 }],
  "us-east-2": ["US East (Ohio)", "use2", { a: 1, b: 2, c: 3 }],
  "us-west-1": ["US West (N. California)", "usw1", { a: 3, b: 1 }],
  "us-west-2": ["US West (Oregon)", "usw2", { a: 2, b: 1, c: 3, d: 4 }],
  "ca-central-1": ["Canada (Central)", "cac1", { a: 1, b: 2, d: 4 }],
  "sa-east-1": ["South America (Sao Paulo)", "sae1", { a: 1, b: 2, c: 3 }],
  "eu-central-1": ["Europe (Frankfurt)", "euc1", { a: 2, b: 3, c: 1 }],
  "eu-central-2": ["Europe (Zurich)", "euc2", { a: 1, b: 2, c: 3 }],
  "eu-north-1": ["Europe (Stockholm)", "eun1", { a: 1, b: 2, c: 3 }],
  "eu-south-1": ["Europe (Milan)", "eus1", { a: 1, b: 2, c: 3 }],
  "eu-west-1": ["Europe (Ireland)", "euw1", { a: 3, b: 1, c: 2 }],
  "eu-west-2": ["Europe (London)", "euw2", { a: 2, b: 3, c: 1 }],
  "eu-west-3": ["Europe (Paris)", "euw3", { a: 1, b: 2, c: 3 }],
  "ap-northeast-1": ["Asia Pacific (Tokyo)", "apne1", { a: 4, c: 1, d: 2 }],
  "ap-northeast-2": ["Asia Pacific (Seoul)", "apne2", { a: 1, b: 2, c: 3, d: 4 }],
  "ap-northeast-3": ["Asia Pacific (Osaka)", "apne3", { a: 3, b: 2, c: 1 }],
  "ap-south-1": ["Asia Pacific (Mumbai)", "aps1", { a: 1, b: 3, c: 2 }],
  "ap-southeast-1": ["Asia Pacific (Singapore)", "apse1", { a: 1, b: 2, c: 3 }],
  "ap-southeast-2": ["Asia Pacific (Sydney)", "apse2", { a: 1, b: 3, c: 2 }],
};

export const DEFAULT_REGION = "us-east-1";

export function regionNames(): string[] {
  return Object.keys(REGIONS);
}

/** @throws ApiError when the lab does not know the region */
export function findRegion(name: string): Region {
  const entry = REGIONS[name];
  if (entry === undefined)
    throw new ApiError(
      "InvalidRegion",
      `The lab does not know the region '${name}'. It knows ${regionNames().join(", ")}`,
    );
  const [description, prefix, zones] = entry;
  return {
    name,
    description,
    zones: Object.entries(zones).map(([letter, number]) => ({ name: `${name}${letter}`, id: `${prefix}-az${number}` })),
  };
}

/** An ARN of EC2 in the lab's account, e.g. of `vpc/vpc-1234`. */
export function ec2Arn(region: string, resource: string): string {
  return `arn:aws:ec2:${region}:${ACCOUNT_ID}:${resource}`;
}
