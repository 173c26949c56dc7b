import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { CheckFailure } from "./check-failure";

/** What a check found; the inputs are to be set on it. */
export function checkResponse(failures: readonly CheckFailure[]): rpc.CheckResponse {
  return new rpc.CheckResponse().setFailuresList(
    failures.map(({ property, reason }) => new rpc.CheckFailure().setProperty(property).setReason(reason)),
  );
}
