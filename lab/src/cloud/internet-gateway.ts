import type { Reading } from "./reading";
import type { Vpc } from "./vpc";

export interface InternetGateway {
  readonly id: string;
  readonly vpcId: string;
}

/** Internet gateways that are attached to a VPC. */
export function readInternetGateways(reading: Reading, vpcs: readonly Vpc[]): InternetGateway[] {
  return reading
    .take("aws:ec2/internetGateway:InternetGateway")
    .filter((record) => reading.isId(record) && vpcs.some((vpc) => vpc.id === record.outputs["vpcId"]))
    .map((record) => ({ id: record.id, vpcId: String(record.outputs["vpcId"]) }));
}
