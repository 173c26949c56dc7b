import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { PropertyMap } from "../../../wire/property-value";

const ROOT = resolve(__dirname, "../../..");

/** The provider, and the same seam over scripted nodes; from the sources, so that what is tested is what is written. */
export const PROVIDER = join(ROOT, "provider/src/main.ts");
export const FIXTURE = join(ROOT, "test/provider/serve/fixture-main.ts");

const SIGNATURE = "4dabf18193072939515e22adb298388d";
export function secret(value: unknown): PropertyMap {
  return { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value: value as PropertyMap };
}

/** The provider's process, spoken to as the engine does. */
export class Plugin {
  private constructor(
    private readonly process: ChildProcess,
    readonly client: ResourceProviderClient,
  ) {}

  static async start(main: string, engineAddress: string): Promise<Plugin> {
    // Flags come before the address, as the CLI passes them with -v.
    const args = ["--import", require.resolve("tsx"), main, "--logtostderr", "-v=3", engineAddress];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    const [port] = (await Promise.race([
      once(lines, "line"),
      once(child, "exit").then(([code]) =>
        Promise.reject(new Error(`the provider ended with exit code ${String(code)}`)),
      ),
    ])) as [string];
    return new Plugin(child, new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure()));
  }

  async stop(): Promise<void> {
    this.client.close();
    const ended = once(this.process, "exit");
    this.process.kill();
    await ended;
  }

  check(type: string, news: object, olds: object = {}): Promise<rpc.CheckResponse> {
    const request = new rpc.CheckRequest().setUrn(urn(type)).setNews(struct(news)).setOlds(struct(olds));
    return answer((callback) => this.client.check(request, callback));
  }

  diff(
    type: string,
    id: string,
    old: { readonly inputs: object; readonly outputs: object },
    news: object,
  ): Promise<rpc.DiffResponse> {
    const request = new rpc.DiffRequest()
      .setUrn(urn(type))
      .setId(id)
      .setOldInputs(struct(old.inputs))
      .setOlds(struct(old.outputs))
      .setNews(struct(news));
    return answer((callback) => this.client.diff(request, callback));
  }

  create(
    type: string,
    inputs: object,
    options: { readonly preview?: boolean; readonly timeout?: number } = {},
  ): Promise<rpc.CreateResponse> {
    const request = new rpc.CreateRequest()
      .setUrn(urn(type))
      .setProperties(struct(inputs))
      .setPreview(options.preview ?? false)
      .setTimeout(options.timeout ?? 0);
    return answer((callback) => this.client.create(request, callback));
  }

  update(
    type: string,
    id: string,
    old: { readonly inputs: object; readonly outputs: object },
    news: object,
    preview = false,
  ): Promise<rpc.UpdateResponse> {
    const request = new rpc.UpdateRequest()
      .setUrn(urn(type))
      .setId(id)
      .setOldInputs(struct(old.inputs))
      .setOlds(struct(old.outputs))
      .setNews(struct(news))
      .setPreview(preview);
    return answer((callback) => this.client.update(request, callback));
  }

  read(
    type: string,
    id: string,
    old: { readonly inputs: object; readonly outputs: object },
  ): Promise<rpc.ReadResponse> {
    const request = new rpc.ReadRequest()
      .setUrn(urn(type))
      .setId(id)
      .setInputs(struct(old.inputs))
      .setProperties(struct(old.outputs));
    return answer((callback) => this.client.read(request, callback));
  }

  async delete(type: string, id: string, old: { readonly inputs: object; readonly outputs: object }): Promise<void> {
    const request = new rpc.DeleteRequest()
      .setUrn(urn(type))
      .setId(id)
      .setOldInputs(struct(old.inputs))
      .setProperties(struct(old.outputs));
    await answer((callback) => this.client.delete(request, callback));
  }
}

export function urn(type: string): string {
  return `urn:pulumi:test::test::overlaynet:index:Cluster$overlaynet:index:${type}::it`;
}

export function struct(value: object): Struct {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(value)) as PropertyMap);
}

/** The answer to a call, as a promise. */
export function answer<T>(
  call: (callback: (error: grpc.ServiceError | null, response: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));
}
