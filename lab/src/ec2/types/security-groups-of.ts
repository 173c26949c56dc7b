import { ApiError } from "../engine/api-error";
import { mustText } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import { findSecurityGroup } from "./security-group-rules";
import { findVpc } from "./vpc";

/** The groups of a network interface: those wanted, those that it has, or the VPC's default one. */
export function securityGroupsOf(
  records: Records,
  subnet: ResourceRecord,
  given: { readonly wanted: readonly string[]; readonly had: readonly string[] },
): string[] {
  const wanted = [...new Set(given.wanted)];
  if (wanted.length === 0)
    return given.had.length > 0
      ? [...given.had]
      : [mustText(findVpc(records, mustText(subnet.outputs, "vpcId")).outputs, "defaultSecurityGroupId")];
  for (const id of wanted) {
    if (findSecurityGroup(records, id).outputs["vpcId"] !== subnet.outputs["vpcId"]) {
      throw new ApiError(
        "InvalidParameter",
        `Security group ${id} and subnet ${subnet.id} belong to different networks.`,
      );
    }
  }
  if (wanted.length > records.quotas["security-groups-per-interface"])
    throw new ApiError(
      "SecurityGroupsPerInterfaceLimitExceeded",
      "The maximum number of security groups per interface has been reached.",
    );
  return wanted;
}
