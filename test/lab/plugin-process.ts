import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { imagesOf } from "../../lab/src/ec2/engine/images";
import { EC2 } from "../../lab/src/cloud/tokens";

const ami = imagesOf("us-east-1").find(({ architecture }) => architecture === "x86_64")?.id ?? "";

const source = (name: string): string => JSON.stringify(resolve(__dirname, "../../lab/src", name));

/** The plugin as Pulumi starts it, but that its instances have no nodes: everything else of them is there. */
const withoutNodes = `
const { serve } = require(${source("serve")});
const { labBackend } = require(${source("ec2/lab-backend")});
const { openLab } = require(${source("state/paths")});
const states = new Map();
const backend = { ...labBackend(openLab()),
  startNode: async ({ instanceId }) => void states.set(instanceId, "running"),
  destroyNode: async (id) => void states.delete(id),
  nodeState: (id) => states.get(id) ?? "absent" };
serve(backend, "").then(({ port }) => console.log(port));
process.on("SIGUSR2", () => { globalThis.gc(); const { heapUsed, rss } = process.memoryUsage(); console.log(JSON.stringify({ heapUsed, rss })); });
`;

export interface Made {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A process of the stand-in aws plugin on a lab of its own, called as the engine calls it. */
export class PluginProcess {
  private constructor(
    readonly process: ChildProcess,
    private readonly client: ResourceProviderClient,
  ) {}

  static async start(state: string, nodes: "with nodes" | "without nodes"): Promise<PluginProcess> {
    const program = nodes === "with nodes" ? [resolve(__dirname, "../../lab/src/main.ts")] : ["-e", withoutNodes];
    const child = spawn(process.execPath, ["--expose-gc", "--require", "tsx/cjs", ...program], {
      env: { ...process.env, OVERLAYNET_LAB_STATE: state },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    const client = new ResourceProviderClient(`127.0.0.1:${port.toString().trim()}`, grpc.credentials.createInsecure());
    const made = new PluginProcess(child, client);
    await promisify<rpc.ConfigureRequest, rpc.ConfigureResponse>(client.configure.bind(client))(
      new rpc.ConfigureRequest().setArgs(struct({ region: "us-east-1" })),
    );
    return made;
  }

  async create(type: string, name: string, inputs: object): Promise<Made> {
    const checked = await promisify<rpc.CheckRequest, rpc.CheckResponse>(this.client.check.bind(this.client))(
      new rpc.CheckRequest().setUrn(urn(type, name)).setNews(struct(inputs)),
    );
    const failures = checked.getFailuresList().map((failure) => failure.getReason());
    if (failures.length > 0) throw new Error(failures.join("\n"));
    const request = new rpc.CreateRequest().setUrn(urn(type, name)).setProperties(checked.getInputs());
    const response = await promisify<rpc.CreateRequest, rpc.CreateResponse>(this.client.create.bind(this.client))(
      request,
    );
    return { type, name, id: response.getId(), outputs: response.getProperties()?.toJavaScript() ?? {} };
  }

  async delete({ type, name, id, outputs }: Made): Promise<void> {
    const request = new rpc.DeleteRequest().setUrn(urn(type, name)).setId(id).setProperties(struct(outputs));
    await promisify<rpc.DeleteRequest, unknown>(this.client.delete.bind(this.client))(request);
  }

  /** Open file descriptors. */
  get descriptors(): number {
    return readdirSync(`/proc/${this.process.pid}/fd`).length;
  }

  /** Of a plugin without nodes: bytes on its heap that are in use, and resident ones, after a collection of garbage. */
  async memory(): Promise<{ readonly heapUsed: number; readonly rss: number }> {
    const told = once(this.process.stdout ?? this.process, "data");
    this.process.kill("SIGUSR2");
    const [text] = (await told) as [Buffer];
    return JSON.parse(text.toString()) as { heapUsed: number; rss: number };
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.client.close();
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = once(this.process, "close");
    this.process.kill(signal);
    await ended;
  }
}

/**
 * Creates a VPC with instances as Pulumi does, what depends on nothing else side by side, and gives all back in the
 * order of creation.
 */
export async function smallStack(plugin: PluginProcess, instances: number): Promise<Made[][]> {
  const vpc = await plugin.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
  const [subnet, group, gateway] = await Promise.all([
    plugin.create(EC2.subnet, "s", { vpcId: vpc.id, cidrBlock: "10.1.0.0/24", availabilityZone: "us-east-1a" }),
    plugin.create(EC2.securityGroup, "g", { vpcId: vpc.id }),
    plugin.create(EC2.internetGateway, "i", { vpcId: vpc.id }),
  ]);
  const rest = await Promise.all([
    plugin.create(EC2.ingressRule, "r", {
      securityGroupId: group.id,
      ipProtocol: "4",
      referencedSecurityGroupId: group.id,
    }),
    ...Array.from({ length: instances }, (_, i) =>
      plugin.create(EC2.instance, `n${i}`, {
        ami,
        instanceType: "t3.micro",
        subnetId: subnet.id,
        vpcSecurityGroupIds: [group.id],
        associatePublicIpAddress: true,
      }),
    ),
  ]);
  return [[vpc], [subnet, group, gateway], rest];
}

/** Deletes it again, in the opposite order. */
export async function remove(plugin: PluginProcess, made: readonly (readonly Made[])[]): Promise<void> {
  for (const level of [...made].reverse()) await Promise.all(level.map((each) => plugin.delete(each)));
}

function urn(type: string, name: string): string {
  return `urn:pulumi:test::project::${type}::${name}`;
}

function struct(value: object): Struct {
  return Struct.fromJavaScript(value as Parameters<typeof Struct.fromJavaScript>[0]);
}
