import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { configureResponse, handshakeResponse } from "../../wire/capabilities";
import { checkResponse } from "../../wire/check-response";
import { diffResponse } from "../../wire/diff-response";
import { EngineLog } from "../../wire/engine-log";
import {
  type Properties,
  type PropertyMap,
  type PropertyPath,
  unwrapProperties,
  wrapProperties,
} from "../../wire/property-value";
import { healable } from "../../wire/resource-init-failed";
import { unary } from "../../wire/unary-call";
import type { Backend } from "./ec2/engine/backend";
import { Ec2Provider } from "./ec2/provider";
import { parseProviderConfig } from "./ec2/provider-config";

/** The version of the aws package whose inputs and outputs the lab has. */
export const AWS_VERSION = "7.48.0";

/**
 * Serves the stand-in `aws` plugin on a port of 127.0.0.1 that is free.
 *
 * @param engine address of the engine's gRPC server; undefined when the plugin was started by hand
 * @returns the port, and how to stop
 */
export async function serve(
  backend: Backend,
  engine: string | undefined,
): Promise<{ readonly port: number; stop(): void }> {
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
    this.provider.warn = (urn, message) => void this.log.log(urn, "warning", message);
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
        return handshakeResponse();
      }),
      invoke: unary((request: rpc.InvokeRequest) => this.invoke(request)),
      read: unary((request: rpc.ReadRequest) => this.read(request)),
      update: unary((request: rpc.UpdateRequest) => this.update(request)),
    };
  }

  private configure(request: rpc.ConfigureRequest): rpc.ConfigureResponse {
    const { config, failures } = parseProviderConfig(unwrapProperties(request.getArgs()).values, process.env);
    if (failures.length > 0)
      throw new Error(
        failures.map(({ property, reason }) => (property === "" ? reason : `aws:${property}: ${reason}`)).join("\n"),
      );
    this.provider.config = config;
    // Never to be taken for AWS.
    this.log.status("", `aws is overlaynet's lab in ${this.backend.place}`);
    return configureResponse();
  }

  private check(request: rpc.CheckRequest): rpc.CheckResponse {
    const news = unwrapProperties(request.getNews());
    const { inputs, failures } = this.provider.check(
      request.getUrn(),
      news.values,
      unwrapProperties(request.getOlds()).values,
      request.getRandomseed_asU8(),
    );
    return checkResponse(failures).setInputs(wrapWhole(inputs, news.secrets));
  }

  private diff(request: rpc.DiffRequest): rpc.DiffResponse {
    const old = {
      inputs: unwrapProperties(request.getOldInputs()).values,
      outputs: unwrapProperties(request.getOlds()).values,
    };
    const diff = this.provider.diff(request.getUrn(), old, unwrapProperties(request.getNews()).values);
    return diffResponse(diff.changes, { detailed: diff.detailed, deleteBeforeReplace: diff.deleteBeforeReplace });
  }

  private async create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    this.refuseCancelled();
    const inputs = unwrapProperties(request.getProperties());
    const operation = { urn: request.getUrn(), preview: request.getPreview() };
    const { id, outputs } = await healable(wrapping(inputs), () => this.provider.create(operation, inputs.values));
    return new rpc.CreateResponse().setId(id).setProperties(wrapWhole(outputs, inputs.secrets));
  }

  private read(request: rpc.ReadRequest): rpc.ReadResponse {
    const inputs = unwrapProperties(request.getInputs());
    const outputs = unwrapProperties(request.getProperties());
    const secrets = [...inputs.secrets, ...outputs.secrets];
    const now = this.provider.read(request.getUrn(), request.getId(), {
      inputs: inputs.values,
      outputs: outputs.values,
    });
    if (now === undefined) return new rpc.ReadResponse();
    return new rpc.ReadResponse()
      .setId(now.id)
      .setInputs(wrapWhole(now.inputs, secrets))
      .setProperties(wrapWhole(now.outputs, secrets));
  }

  private async update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    this.refuseCancelled();
    const inputs = unwrapProperties(request.getNews());
    const operation = { urn: request.getUrn(), preview: request.getPreview() };
    const old = { outputs: unwrapProperties(request.getOlds()).values };
    const outputs = await healable(wrapping(inputs), () =>
      this.provider.update(operation, request.getId(), old, inputs.values),
    );
    return new rpc.UpdateResponse().setProperties(wrapWhole(outputs, inputs.secrets));
  }

  private async delete(request: rpc.DeleteRequest): Promise<Empty> {
    this.refuseCancelled();
    await this.provider.delete({ urn: request.getUrn() }, request.getId(), {
      outputs: unwrapProperties(request.getProperties()).values,
    });
    return new Empty();
  }

  private invoke(request: rpc.InvokeRequest): rpc.InvokeResponse {
    const args = unwrapProperties(request.getArgs());
    return new rpc.InvokeResponse().setReturn(
      wrapWhole(this.provider.invoke(request.getTok(), args.values), args.secrets),
    );
  }

  private refuseCancelled(): void {
    if (this.cancelled) throw new Error("cancelled");
  }
}

function checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
  return checkResponse(parseProviderConfig(unwrapProperties(request.getNews()).values, process.env).failures).setInputs(
    request.getNews(),
  );
}

/** Another region is another provider's: its resources have to be made anew. */
function diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
  const regionOf = (values: PropertyMap): string => parseProviderConfig(values, {}).config.region;
  const moved =
    regionOf(unwrapProperties(request.getOldInputs() ?? request.getOlds()).values) !==
    regionOf(unwrapProperties(request.getNews()).values);
  const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
  return moved
    ? new rpc.DiffResponse().setChanges(DIFF_SOME).setDiffsList(["region"]).setReplacesList(["region"])
    : new rpc.DiffResponse().setChanges(DIFF_NONE);
}

/**
 * Puts every top property with a secret in it into an envelope as a whole: what AWS gives back of a property need not
 * have the form in which it was given.
 */
function wrapWhole(values: object, secrets: readonly PropertyPath[]): ReturnType<typeof wrapProperties> {
  return wrapProperties(
    values,
    secrets.map((path) => path.slice(0, 1)),
  );
}

function wrapping({ values, secrets }: Properties): Parameters<typeof healable>[0] {
  return { inputs: () => wrapWhole(values, secrets), outputs: (outputs) => wrapWhole(outputs, secrets) };
}
