import * as grpc from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import type * as struct from "google-protobuf/google/protobuf/struct_pb";
import { propertyMap, type PropertyMap } from "./property-value";

/**
 * A creation or update that failed half-way: the resource is there, with these outputs, and the next update heals it.
 */
export class ResourceInitFailed extends Error {
  readonly outputs: PropertyMap;

  constructor(
    message: string,
    readonly id: string,
    outputs: object,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "ResourceInitFailed";
    this.outputs = propertyMap(outputs);
  }
}

/**
 * Gives a failure half-way the form that makes the engine keep the resource, with what went wrong, and update it next
 * time.
 *
 * @param wrap puts the resource's inputs and outputs into their envelopes
 */
export async function healable<T>(
  wrap: { readonly inputs: () => struct.Struct; readonly outputs: (outputs: PropertyMap) => struct.Struct },
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof ResourceInitFailed)) throw error;
    const failed = new rpc.ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(wrap.outputs(error.outputs))
      .setInputs(wrap.inputs())
      .setReasonsList([error.message]);
    const details = new Any();
    details.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(error.message);
    status.addDetails(details);
    const metadata = new grpc.Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    throw Object.assign(new Error(error.message, { cause: error }), { metadata });
  }
}
