import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { type PropertyMap, wrapProperties } from "../../wire/property-value";
import { healable, ResourceInitFailed } from "../../wire/resource-init-failed";

const wrap = {
  inputs: () => wrapProperties({ wanted: 1 }, []),
  outputs: (outputs: PropertyMap) => wrapProperties(outputs, []),
};

describe("a failure half-way", () => {
  it("tells the engine what was made, of what inputs, and what went wrong", async () => {
    const failure = new ResourceInitFailed("no veth", "vpc-1", { has: 2, not: undefined });
    const error: unknown = await healable(wrap, () => Promise.reject(failure)).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof Error && "metadata" in error && error.metadata instanceof grpc.Metadata);
    assert.equal(error.message, "no veth");
    assert.equal(error.cause, failure);
    const [bytes] = error.metadata.get("grpc-status-details-bin");
    assert.ok(bytes instanceof Buffer);
    const status = Status.deserializeBinary(bytes);
    assert.deepEqual([status.getCode(), status.getMessage()], [grpc.status.UNKNOWN, "no veth"]);
    const failed = status
      .getDetailsList()[0]
      ?.unpack((data) => rpc.ErrorResourceInitFailed.deserializeBinary(data), "pulumirpc.ErrorResourceInitFailed");
    assert.equal(failed?.getId(), "vpc-1");
    assert.deepEqual(failed?.getReasonsList(), ["no veth"]);
    assert.deepEqual(failed?.getInputs()?.toJavaScript(), { wanted: 1 });
    assert.deepEqual(failed?.getProperties()?.toJavaScript(), { has: 2 });
  });

  it("leaves results and all other errors as they are", async () => {
    assert.equal(await healable(wrap, async () => "made"), "made");
    const error = new Error("nothing was made");
    await assert.rejects(
      healable(wrap, () => Promise.reject(error)),
      (thrown) => thrown === error && !("metadata" in error),
    );
  });
});
