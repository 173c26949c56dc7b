import { dirname } from "node:path";
import type * as grpc from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import * as provider from "@pulumi/pulumi/provider";
import { DependencyProviderResource } from "@pulumi/pulumi/resource";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { configureResponse, handshakeResponse } from "../../wire/capabilities";
import type { CheckFailure } from "../../wire/check-failure";
import { checkResponse } from "../../wire/check-response";
import { diffResponse, type PathChange } from "../../wire/diff-response";
import { engineAddress, EngineLog } from "../../wire/engine-log";
import { sameProperties } from "../../wire/property-diff";
import {
  type Properties,
  type PropertyPath,
  topProperty,
  unwrapProperties,
  wrapProperties,
} from "../../wire/property-value";
import { healable } from "../../wire/resource-init-failed";
import { checkAgainstSchema, type PackageSpec, secretLeaves } from "../../wire/schema-check";
import { unary } from "../../wire/unary-call";
import { typeInUrn } from "../../wire/urn";
import { parseProviderConfig, type ProviderConfig } from "./provider-config";
import type { CustomResource, DiffResult, OperationContext } from "./resources/custom-resource";

/** Makes a component: its children are registered with the engine while this runs. */
export type ComponentFactory = (
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
  config: ProviderConfig,
) => Promise<provider.ConstructResult>;

/** A Pulumi package: what its schema says, and who does it, by type token. */
export interface Package {
  readonly schema: PackageSpec & { readonly name: string; readonly version: string };
  readonly customResources: Readonly<Record<string, CustomResource<object, object>>>;
  readonly components: Readonly<Record<string, ComponentFactory>>;
  readonly functions: Readonly<Record<string, PackageFunction>>;
}

/** A function of a package: what programs call without making anything. */
export type PackageFunction = (inputs: never) => {
  readonly outputs: object;
  readonly failures: readonly CheckFailure[];
};

/**
 * Serves the package to the engine until the process ends; prints the port as plugins do. Components go through the
 * SDK's own server (`provider.main`). It leaves out much of the protocol for custom resources (previews, detailed
 * diffs, old inputs, configuration), so these calls are answered here.
 *
 * @param args of the process: the address of the engine, among flags
 */
export async function serve(pkg: Package, args: string[]): Promise<void> {
  const calls = new Calls(pkg);
  calls.log.connect(engineAddress(args));
  overrideNextService(calls.handlers());
  const served = provider.main(
    {
      version: pkg.schema.version,
      schema: JSON.stringify(pkg.schema),
      construct: (name, type, inputs, options) => calls.construct(name, type, inputs, options),
    },
    args,
  );
  // The SDK puts the call stack of each registration into the user's state: some 700 bytes a resource, with this
  // machine's paths in them. Where in the provider a resource is made tells a user nothing.
  Reflect.set(pulumi.Resource, "stackTrace", () => []);
  // provider.main maps the stack of every promise to sources, most of the CPU time of a large stack; nobody reads them.
  Reflect.deleteProperty(Error, "prepareStackTrace");
  await served;
}

/** The SDK's grpc, of which its server is made: patching another copy would change nothing. */
function sdkGrpc(): typeof grpc {
  const sdk = dirname(require.resolve("@pulumi/pulumi/package.json"));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would find this project's copy
  return require(require.resolve("@grpc/grpc-js", { paths: [sdk] })) as typeof grpc;
}

/** Lays handlers over those of the service that is added next, which is provider.main's only one. */
function overrideNextService(handlers: grpc.UntypedServiceImplementation): void {
  const { Server } = sdkGrpc();
  const addService = Server.prototype.addService;
  Server.prototype.addService = function (this: grpc.Server, definition, implementation) {
    Server.prototype.addService = addService;
    const layered = Object.create(implementation) as grpc.UntypedServiceImplementation;
    addService.call(this, definition, Object.assign(layered, handlers));
  };
}

/** The answers to the engine's calls. One process serves one provider instance, with one configuration. */
class Calls {
  readonly log = new EngineLog();
  private readonly cancelled = new AbortController();
  private config: ProviderConfig = parseProviderConfig({}).config;
  /** The provider instance that this process is, as resources refer to it; older engines do not tell. */
  private self: string | undefined;

  constructor(private readonly pkg: Package) {}

  handlers(): grpc.UntypedServiceImplementation {
    const { log } = this;
    return {
      attach(
        this: grpc.UntypedServiceImplementation,
        call: grpc.ServerUnaryCall<{ getAddress(): string }, Empty>,
        callback: grpc.sendUnaryData<Empty>,
      ): void {
        log.connect(call.request.getAddress());
        const upstream = Object.getPrototypeOf(this) as { attach(...args: unknown[]): void };
        upstream.attach.call(this, call, callback);
      },
      cancel: unary(() => this.cancel()),
      check: unary((request: rpc.CheckRequest) => this.check(request)),
      checkConfig: unary((request: rpc.CheckRequest) => this.checkConfig(request)),
      configure: unary((request: rpc.ConfigureRequest) => this.configure(request)),
      create: unary((request: rpc.CreateRequest) => this.create(request)),
      delete: unary((request: rpc.DeleteRequest) => this.delete(request)),
      diff: unary((request: rpc.DiffRequest) => this.diff(request)),
      diffConfig: unary((request: rpc.DiffRequest) => this.diffConfig(request)),
      invoke: unary((request: rpc.InvokeRequest) => this.invoke(request)),
      handshake: unary((request: rpc.ProviderHandshakeRequest) => this.handshake(request)),
      read: unary((request: rpc.ReadRequest) => this.read(request)),
      update: unary((request: rpc.UpdateRequest) => this.update(request)),
    };
  }

  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<provider.ConstructResult> {
    const factory = this.pkg.components[type];
    if (factory === undefined)
      throw new Error(`${type} is no component of this provider (${Object.keys(this.pkg.components).join(", ")})`);
    return factory(name, inputs, this.withSelf(options), this.config);
  }

  /**
   * Children are made by the very instance that makes the component. The default provider for their version may be
   * another process, which knows nothing of what the component laid down in this one.
   */
  private withSelf(options: pulumi.ComponentResourceOptions): pulumi.ComponentResourceOptions {
    if (this.self === undefined) return options;
    const own = new DependencyProviderResource(this.self);
    // As the SDK's server gives them: by package.
    const others = options.providers as Record<string, pulumi.ProviderResource> | undefined;
    return { ...options, providers: { ...others, [this.pkg.schema.name]: own } };
  }

  private invoke(request: rpc.InvokeRequest): rpc.InvokeResponse {
    const token = request.getTok();
    const call = this.pkg.functions[token];
    if (call === undefined)
      throw new Error(`${token} is no function of this provider (${Object.keys(this.pkg.functions).join(", ")})`);
    const inputs = unwrapProperties(request.getArgs()).values;
    const malformed = checkAgainstSchema(this.pkg.schema, token, inputs);
    const { outputs, failures } = malformed.length > 0 ? { outputs: {}, failures: malformed } : call(inputs as never);
    return new rpc.InvokeResponse()
      .setReturn(wrapProperties(outputs, []))
      .setFailuresList(
        failures.map(({ property, reason }) => new rpc.CheckFailure().setProperty(property).setReason(reason)),
      );
  }

  private handshake(request: rpc.ProviderHandshakeRequest): rpc.ProviderHandshakeResponse {
    this.log.connect(request.getEngineAddress());
    return handshakeResponse();
  }

  private checkConfig(request: rpc.CheckRequest): rpc.CheckResponse {
    const { failures } = parseProviderConfig(unwrapProperties(request.getNews()).values);
    return checkResponse(failures).setInputs(request.getNews());
  }

  /**
   * Nothing in the configuration is worth replacing resources for: it says how nodes are reached, not what they are.
   */
  private diffConfig(request: rpc.DiffRequest): rpc.DiffResponse {
    const same = sameProperties(
      unwrapProperties(request.getOldInputs() ?? request.getOlds()).values,
      unwrapProperties(request.getNews()).values,
    );
    return new rpc.DiffResponse().setChanges(
      same ? rpc.DiffResponse.DiffChanges.DIFF_NONE : rpc.DiffResponse.DiffChanges.DIFF_SOME,
    );
  }

  private configure(request: rpc.ConfigureRequest): rpc.ConfigureResponse {
    const { config, failures } = parseProviderConfig(unwrapProperties(request.getArgs()).values);
    if (failures.length > 0)
      throw new Error(failures.map(({ property, reason }) => `overlaynet:${property}: ${reason}`).join("\n"));
    this.config = config;
    const [urn, id] = [request.getUrn(), request.getId()];
    this.self = urn === undefined || id === undefined ? undefined : `${urn}::${id}`;
    return configureResponse();
  }

  private cancel(): Empty {
    this.cancelled.abort(new Error("cancelled"));
    return new Empty();
  }

  private async check(request: rpc.CheckRequest): Promise<rpc.CheckResponse> {
    const { token, resource, context } = this.operation(request.getUrn());
    const news = unwrapProperties(request.getNews());
    const olds = unwrapProperties(request.getOlds()).values;
    const failures = checkAgainstSchema(this.pkg.schema, token, news.values);
    if (failures.length > 0 || resource.check === undefined)
      return checkResponse(failures).setInputs(this.wrap(token, news, news.values));
    const result = await resource.check(news.values, Object.keys(olds).length === 0 ? undefined : olds, context);
    return checkResponse(result.failures).setInputs(this.wrap(token, news, result.inputs));
  }

  private async diff(request: rpc.DiffRequest): Promise<rpc.DiffResponse> {
    const { resource, context } = this.operation(request.getUrn());
    const old = {
      id: request.getId(),
      inputs: unwrapProperties(request.getOldInputs()).values,
      outputs: unwrapProperties(request.getOlds()).values,
    };
    return diffAnswer(await resource.diff(old, unwrapProperties(request.getNews()).values, context));
  }

  private async create(request: rpc.CreateRequest): Promise<rpc.CreateResponse> {
    const { token, resource, context } = this.operation(request.getUrn(), request);
    const inputs = unwrapProperties(request.getProperties());
    const { id, outputs } = await healable(this.wrapping(token, inputs), () => resource.create(inputs.values, context));
    return new rpc.CreateResponse().setId(id).setProperties(this.wrap(token, inputs, outputs));
  }

  private async read(request: rpc.ReadRequest): Promise<rpc.ReadResponse> {
    const { token, resource, context } = this.operation(request.getUrn());
    const inputs = unwrapProperties(request.getInputs());
    const outputs = unwrapProperties(request.getProperties()).values;
    if (Object.keys(outputs).length === 0)
      throw new Error(`${token} cannot be imported: it is not made of anything but its inputs, so create it instead`);
    const now = await resource.read({ id: request.getId(), inputs: inputs.values, outputs }, context);
    if (now === undefined) return new rpc.ReadResponse();
    return new rpc.ReadResponse()
      .setId(request.getId())
      .setInputs(request.getInputs())
      .setProperties(this.wrap(token, inputs, now));
  }

  private async update(request: rpc.UpdateRequest): Promise<rpc.UpdateResponse> {
    const { token, resource, context } = this.operation(request.getUrn(), request);
    const inputs = unwrapProperties(request.getNews());
    const old = {
      id: request.getId(),
      inputs: unwrapProperties(request.getOldInputs()).values,
      outputs: unwrapProperties(request.getOlds()).values,
    };
    const outputs = await healable(this.wrapping(token, inputs), () => resource.update(old, inputs.values, context));
    return new rpc.UpdateResponse().setProperties(this.wrap(token, inputs, outputs));
  }

  private async delete(request: rpc.DeleteRequest): Promise<Empty> {
    const { resource, context } = this.operation(request.getUrn(), request);
    const old = {
      id: request.getId(),
      inputs: unwrapProperties(request.getOldInputs()).values,
      outputs: unwrapProperties(request.getProperties()).values,
    };
    await resource.delete(old, context);
    return new Empty();
  }

  private operation(
    urn: string,
    request?: { getTimeout(): number; getPreview?(): boolean },
  ): { readonly token: string; readonly resource: CustomResource<object, object>; readonly context: OperationContext } {
    const token = typeInUrn(urn);
    const resource = this.pkg.customResources[token];
    if (resource === undefined)
      throw new Error(`${token} is no resource of this provider (${Object.keys(this.pkg.customResources).join(", ")})`);
    const timeout = request?.getTimeout() ?? 0;
    const context: OperationContext = {
      urn,
      preview: request?.getPreview?.() ?? false,
      signal: this.cancelled.signal,
      timeout: timeout > 0 ? timeout : undefined,
      config: this.config,
      status: (message) => this.log.status(urn, message),
      log: (severity, message) => this.log.log(urn, severity, message),
    };
    return { token, resource, context };
  }

  /** Secrets stay secret: what the schema says, what came in as a secret, and what was derived from that. */
  private wrap(token: string, inputs: Properties, values: object): ReturnType<typeof wrapProperties> {
    const leaves = secretLeaves(this.pkg.schema, token);
    const expected = new Set(leaves.map(([head]) => head));
    const tainted = inputs.secrets.some(([head]) => !expected.has(head));
    const derived = tainted
      ? Object.keys(values)
          .filter((key) => !(key in inputs.values))
          .map((key): PropertyPath => [key])
      : [];
    return wrapProperties(values, [...leaves, ...inputs.secrets, ...derived]);
  }

  private wrapping(token: string, inputs: Properties): Parameters<typeof healable>[0] {
    return {
      inputs: () => wrapProperties(inputs.values, inputs.secrets),
      outputs: (outputs) => this.wrap(token, inputs, outputs),
    };
  }
}

function diffAnswer(diff: DiffResult): rpc.DiffResponse {
  const replaces = new Set(diff.replaces);
  const outputs = new Set(diff.outputChanges);
  const changes = [...diff.changes].map(([path, kind]): [string, PathChange] => {
    const top = topProperty(path);
    return [path, { kind, replace: replaces.has(top), ofInputs: !outputs.has(top) }];
  });
  return diffResponse(new Map(changes), { deleteBeforeReplace: diff.deleteBeforeReplace });
}
