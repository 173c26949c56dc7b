import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import type { Backend } from "./ec2/engine/backend";
import { EngineLog } from "./ec2/engine-log";
import { Ec2Provider, InitFailed } from "./ec2/provider";
import { type Properties, type PropertyMap, unwrap, wrap } from "./ec2/property-value";
import { parseProviderConfig } from "./ec2/provider-config";

/** The version of the aws package whose inputs and outputs the lab has. */
export const AWS_VERSION = "7.48.0";

/**
 * Serves the stand-in `aws` plugin on a port of 127.0.0.1 that is free.
 *
 * @param engine address of the engine's gRPC server, empty when the plugin was started by hand
 * @returns the port, and how to stop
 */
export async function serve(backend: Backend, engine: string): Promise<{ readonly port: number; stop(): void }> {
  const calls = new Calls(backend);
  calls.log.connect(engine);
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, calls.handlers());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

/** The answers to the engine's calls (pulumi proto/pulumi/provider.proto). One process serves one provider instance. */
class Calls {
  readonly log = new EngineLog();
  private readonly provider: Ec2Provider;
  private cancelled = false;

  constructor(private readonly backend: Backend) {
    this.provider = new Ec2Provider(backend);
    this.provider.warn = (urn, message) => this.log.warning(urn, message);
  }

  handlers(): grpc.UntypedServiceImplementation {
    return {
      attach: unary((request: { getAddress(): string }) => {
        this.log.connect(request.getAddress());
        return new Empty();
      }),
      cancel: unary(() => {
        this.cancelled = true;
        return new Empty();
      }),
      check: unary((request: rpc.CheckRequest) => this.check(request)),
      checkConfig: unary((request: rpc.CheckRequest) => checkConfig(request)),
      configure: unary((request: rpc.ConfigureRequest) => this.configure(request)),
      create: unary((request: rpc.CreateRequest) => this.create(request)),
      delete: unary((request: rpc.DeleteRequest) => this.delete(request)),
      diff: unary((request: rpc.DiffRequest) => this.diff(request)),
      diffConfig: unary((request: rpc.DiffRequest) => diffConfig(request)),
      getPluginInfo: unary(() => new PluginInfo().setVersion(AWS_VERSION)),
      getSchema: unary(() =>
        new rpc.GetSchemaResponse().setSchema(JSON.stringify({ name: "aws", version: AWS_VERSION })),
      ),
      handshake: unary((request: rpc.ProviderHandshakeRequest) => {
        this.log.connect(request.getEngineAddress());
        return new rpc.ProviderHandshakeResponse()
          .setAcceptSecrets(true)
          .setAcceptResources(true)
          .setAcceptOutputs(true);
      }),
      invoke: unary((request: rpc.InvokeRequest) => this.invoke(request)),
      read: unary((request: rpc.ReadRequest) => this.read(request)),
      update: unary((request: rpc.UpdateRequest) => this.update(request)),
    };
  }

  private configure(request: rpc.ConfigureRequest): rpc.ConfigureResponse {
    const { config, failures } = parseProviderConfig(unwrap(request.getArgs()).values, process.env);
    if (failures.length > 0)
      throw new Error(
        failures.map(({ property, reason }) => (property === "" ? reason : `aws:${property}: ${reason}`)).join("\n"),
      );
    this.provider.config = config;
    // Never to be taken for AWS.
    this.log.status("", `aws is overlaynet's lab in ${this.backend.place}`);
    return new rpc.ConfigureResponse()
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setAcceptoutputs(true)
      .setSupportspreview(true);
  }

  private check(request: rpc.CheckRequest): rpc.CheckResponse {
    const news = unwrap(request.getNews());
    const { inputs, failures } = this.provider.check(
      request.getUrn(),
      news.values,
      unwrap(request.getOlds()).values,
      request.getRandomseed_asU8(),
    );
    return checkResponse(failures).setInputs(wrap(inputs, news.secrets));
  }

  private diff(request: rpc.DiffRequest): rpc.DiffResponse {
    const old = { inputs: unwrap(request.getOldInputs()).values, outputs: unwrap(request.getOlds()).values };
    const diff = this.provider.diff(request.getUrn(), old, unwrap(request.getNews()).values);
    const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
    const response = new rpc.DiffResponse()
      .setChanges(diff.changes.size === 0 ? DIFF_NONE : DIFF_SOME)
      .setDiffsList([...diff.properties])
      .setReplacesList([...diff.replaces])
      .setHasdetaileddiff(diff.detailed);
    if (diff.detailed)
      for (const [path, { kind, replace }] of diff.changes)
        response
          .getDetaileddiffMap()
          .set(path, new rpc.PropertyDiff().setKind(KINDS[kind][replace ? 1 : 0]).setInputdiff(false));
    return response;
  }

  private async create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    this.refuseCancelled();
    const inputs = unwrap(request.getProperties());
    const operation = { urn: request.getUrn(), preview: request.getPreview() };
    const { id, outputs } = await healable(inputs, () => this.provider.create(operation, inputs.values));
    return new rpc.CreateResponse().setId(id).setProperties(wrap(outputs, inputs.secrets));
  }

  private read(request: rpc.ReadRequest): rpc.ReadResponse {
    const inputs = unwrap(request.getInputs());
    const outputs = unwrap(request.getProperties());
    const secrets = new Set([...inputs.secrets, ...outputs.secrets]);
    const now = this.provider.read(request.getUrn(), request.getId(), {
      inputs: inputs.values,
      outputs: outputs.values,
    });
    if (now === undefined) return new rpc.ReadResponse();
    return new rpc.ReadResponse()
      .setId(now.id)
      .setInputs(wrap(now.inputs, secrets))
      .setProperties(wrap(now.outputs, secrets));
  }

  private async update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    this.refuseCancelled();
    const inputs = unwrap(request.getNews());
    const operation = { urn: request.getUrn(), preview: request.getPreview() };
    const old = { outputs: unwrap(request.getOlds()).values };
    const outputs = await healable(inputs, () => this.provider.update(operation, request.getId(), old, inputs.values));
    return new rpc.UpdateResponse().setProperties(wrap(outputs, inputs.secrets));
  }

  private async delete(request: rpc.DeleteRequest): Promise<Empty> {
    this.refuseCancelled();
    await this.provider.delete({ urn: request.getUrn() }, request.getId(), {
      outputs: unwrap(request.getProperties()).values,
    });
    return new Empty();
  }

  private invoke(request: rpc.InvokeRequest): rpc.InvokeResponse {
    const args = unwrap(request.getArgs());
    return new rpc.InvokeResponse().setReturn(wrap(this.provider.invoke(request.getTok(), args.values), args.secrets));
  }

  private refuseCancelled(): void {
    if (this.cancelled) throw new Error("cancelled");
  }
}

function checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
  return checkResponse(parseProviderConfig(unwrap(request.getNews()).values, process.env).failures).setInputs(
    request.getNews(),
  );
}

/** Another region is another provider's: its resources have to be made anew. */
function diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
  const regionOf = (values: PropertyMap): string => parseProviderConfig(values, {}).config.region;
  const moved =
    regionOf(unwrap(request.getOldInputs() ?? request.getOlds()).values) !== regionOf(unwrap(request.getNews()).values);
  const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
  return moved
    ? new rpc.DiffResponse().setChanges(DIFF_SOME).setDiffsList(["region"]).setReplacesList(["region"])
    : new rpc.DiffResponse().setChanges(DIFF_NONE);
}

function checkResponse(failures: readonly { readonly property: string; readonly reason: string }[]): rpc.CheckResponse {
  return new rpc.CheckResponse().setFailuresList(
    failures.map(({ property, reason }) => new rpc.CheckFailure().setProperty(property).setReason(reason)),
  );
}

const { Kind } = rpc.PropertyDiff;
const KINDS = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

/**
 * Gives a failure half-way the form that makes the engine keep the resource, with what went wrong, and update it the
 * next time.
 */
async function healable<T>(inputs: Properties, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof InitFailed)) throw error;
    const failed = new rpc.ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(wrap(error.outputs, inputs.secrets))
      .setInputs(wrap(inputs.values, inputs.secrets))
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

function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    new Promise<Response>((resolve) => resolve(answer(call.request))).then(
      (response) => callback(null, response),
      (error: unknown) => callback(serviceError(error)),
    );
  };
}

/** What the API or the lab refuses is told by its message; a mistake of ours needs its stack to be found. */
function serviceError(error: unknown): Partial<grpc.StatusObject> {
  const ours = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  const details = error instanceof Error ? ((ours ? error.stack : undefined) ?? error.message) : String(error);
  const metadata =
    error instanceof Error && "metadata" in error && error.metadata instanceof grpc.Metadata
      ? error.metadata
      : undefined;
  return { code: grpc.status.UNKNOWN, details, metadata };
}
