import type { Reading } from "./reading";
import type { Vpc } from "./vpc";
import { EC2 } from "./tokens";

export interface InternetGateway {
  readonly id: string;
  readonly vpcId: string;
}

/** Internet gateways that are attached to a VPC. */
export function readInternetGateways(reading: Reading, vpcs: readonly Vpc[]): InternetGateway[] {
  return reading
    .take(EC2.internetGateway)
    .filter((record) => reading.isId(record) && vpcs.some((vpc) => vpc.id === record.outputs["vpcId"]))
    .map((record) => ({ id: record.id, vpcId: String(record.outputs["vpcId"]) }));
}
