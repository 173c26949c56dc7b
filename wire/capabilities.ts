import * as rpc from "@pulumi/pulumi/proto/provider_pb";

/** The answer to the engine's handshake: properties may come in envelopes. */
export function handshakeResponse(): rpc.ProviderHandshakeResponse {
  return new rpc.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true).setAcceptOutputs(true);
}

/** The answer to a configuration that was taken: the same, and that creations and updates can be previewed. */
export function configureResponse(): rpc.ConfigureResponse {
  return new rpc.ConfigureResponse()
    .setAcceptsecrets(true)
    .setAcceptresources(true)
    .setAcceptoutputs(true)
    .setSupportspreview(true);
}
