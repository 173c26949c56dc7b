import type { ResourceRecord } from "../state/record";
import type { Reading } from "./reading";
import { EC2 } from "./tokens";

export interface Peering {
  readonly id: string;
  readonly requesterVpcId: string;
  readonly accepterVpcId: string;
}

/** Active peering connections: to the others no route leads (VPC Peering Guide, "Update your route tables"). */
export function readPeerings(reading: Reading, vpcs: readonly ResourceRecord[]): Peering[] {
  return reading.take(EC2.peering).flatMap((record) => {
    if (record.outputs["acceptStatus"] !== "active" || !reading.isId(record)) return [];
    const requesterVpcId = reading.string(record, "vpcId");
    const accepterVpcId = reading.string(record, "peerVpcId");
    // A peering whose VPC is gone is deleted on AWS.
    return [requesterVpcId, accepterVpcId].every((id) => vpcs.some((vpc) => vpc.id === id))
      ? [{ id: record.id, requesterVpcId, accepterVpcId }]
      : [];
  });
}
