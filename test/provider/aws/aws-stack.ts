import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyPair } from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { type EngineEvent, LocalWorkspace, type Stack } from "@pulumi/pulumi/automation";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { serve } from "../../../lab/src/serve";
import { createInstance, debianImage } from "../../../provider/src/aws/instance";
import { createIngressRules, createNetwork, networkOf, peerNetworks } from "../../../provider/src/aws/network";
import type { Scope } from "../../../provider/src/aws/scope";
import { attachNetworks } from "../../../provider/src/aws/transit-gateway";
import type { ClusterArgs } from "../../../provider/src/generated/component-args";
import { planCluster } from "../../../provider/src/resources/cluster-plan";
import { generateKey } from "../../../provider/src/ssh/key";
import { MemoryBackend } from "../../support/account-in-memory";
import { manifest } from "../../support/ip-pool";
import { pulumiPath } from "../../support/pulumi-path";

/** What a release of the provider says otherwise than the one before: texts that mean the same. */
export interface Release {
  readonly descriptions?: string;
  readonly packages?: readonly string[];
}

/** What an `up` made, changed and took away, as `Subnet blue-10.1.0.0-24`. */
export interface Changes {
  readonly created: readonly string[];
  readonly gone: readonly string[];
  /** Made anew under the same name. */
  readonly replaced: readonly string[];
  readonly updated: readonly string[];
}

const NAME = "test";

/** The AWS resources of a cluster in a stack of Pulumi's, and EC2 as the lab knows it, without Linux and without nodes. */
export class AwsStack {
  readonly backend = new MemoryBackend();
  private program: () => void = () => undefined;
  private readonly hostKeys = new Map<string, { readonly privateKey: string; readonly publicKey: string }>();
  private readonly key = generateKey();

  private constructor(
    private readonly folder: string,
    private readonly stack: Stack,
  ) {}

  static async make(): Promise<AwsStack> {
    const folder = await mkdtemp(join(tmpdir(), "overlaynet-aws-stack-"));
    await writeFile(
      join(folder, "Pulumi.yaml"),
      `name: aws-stack\nruntime: nodejs\nbackend: {url: "file://${folder}?metadata=skip"}\n`,
    );
    const made: { stack?: AwsStack } = {};
    const stack = await LocalWorkspace.createStack(
      { stackName: "test", projectName: "aws-stack", program: async () => made.stack?.program() },
      {
        workDir: folder,
        envVars: {
          PATH: pulumiPath(),
          PULUMI_CONFIG_PASSPHRASE: "test",
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        },
      },
    );
    await stack.setConfig("aws:region", { value: "us-east-1" });
    return (made.stack = new AwsStack(folder, stack));
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }

  /**
   * Brings the stack there, and holds that a preview has nothing to do then.
   * @returns what came of it, by the ids that AWS gave
   */
  async up(args: Partial<ClusterArgs>, release: Release = {}): Promise<Changes> {
    this.say(args, release);
    const before = await this.ids();
    const events: EngineEvent[] = [];
    await this.withAws(() => this.stack.up({ onEvent: (event) => void events.push(event) }));
    await this.withAws(() => this.stack.preview({ expectNoChanges: true }));
    const after = await this.ids();
    const updated = events.flatMap(({ resourcePreEvent }) =>
      resourcePreEvent?.metadata.op === "update" ? [nameOf(resourcePreEvent.metadata.urn)] : [],
    );
    return {
      created: [...after.keys()].filter((name) => !before.has(name)).sort(),
      gone: [...before.keys()].filter((name) => !after.has(name)).sort(),
      replaced: [...after.keys()].filter((name) => before.has(name) && before.get(name) !== after.get(name)).sort(),
      updated: updated.sort(),
    };
  }

  /** Holds that a preview, which knows less, goes through as well. */
  async preview(args: Partial<ClusterArgs>, release: Release = {}): Promise<void> {
    this.say(args, release);
    await this.withAws(() => this.stack.preview());
  }

  private say(args: Partial<ClusterArgs>, release: Release): void {
    this.program = () => this.awsPart(clusterArgs(args), release);
  }

  async refresh(): Promise<void> {
    await this.withAws(() => this.stack.refresh());
  }

  async destroy(): Promise<void> {
    await this.withAws(() => this.stack.destroy());
  }

  /** CIDRs of VPCs by that of the VPC that the transit gateway sends them to. */
  transitRoutes(): Readonly<Record<string, unknown>> {
    const { records } = this.backend;
    return Object.fromEntries(
      [...records.values()]
        .filter(({ type }) => type === EC2.transitRoute)
        .map(({ outputs }): [string, unknown] => {
          const attachment = records.get(String(outputs["transitGatewayAttachmentId"]));
          const vpc = records.get(String(attachment?.outputs["vpcId"]));
          return [String(outputs["destinationCidrBlock"]), vpc?.outputs["cidrBlock"]];
        }),
    );
  }

  /** The id of an instance by its address, whatever it is called. */
  instanceAt(address: string): string {
    const found = [...this.backend.records.values()].find(
      ({ type, outputs }) => type === EC2.instance && outputs["privateIp"] === address,
    );
    if (found === undefined) throw new Error(`there is no instance at ${address}`);
    return found.id;
  }

  /** Ids by name, as they are in the state. */
  private async ids(): Promise<ReadonlyMap<string, string>> {
    const text = await readFile(join(this.folder, ".pulumi/stacks/aws-stack/test.json"), "utf8");
    const { checkpoint } = JSON.parse(text) as {
      checkpoint: { latest?: { resources?: readonly { readonly urn: string; readonly id?: string }[] } };
    };
    return new Map(
      (checkpoint.latest?.resources ?? []).flatMap(({ urn, id }): [string, string][] =>
        id === undefined || urn.includes("pulumi:providers") ? [] : [[nameOf(urn), id]],
      ),
    );
  }

  private async withAws(operation: () => Promise<unknown>): Promise<void> {
    const { port, stop } = await serve(this.backend, "");
    // The SDK keeps a stack for each promise: most of an operation would be their source maps.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      this.stack.workspace.envVars["PULUMI_DEBUG_PROVIDERS"] = `aws:${port}`;
      await operation();
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      stop();
    }
  }

  /** As Cluster does, but for the keys, which are made here. */
  private awsPart(args: ClusterArgs, { descriptions, packages }: Release): void {
    const plan = planCluster(args, args.ssh?.proxyCommand);
    if (plan.problems.length > 0)
      throw new Error(plan.problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
    const reword: pulumi.ResourceTransformation = ({ props, opts }) =>
      descriptions !== undefined && "description" in props
        ? { props: { ...props, description: descriptions }, opts }
        : undefined;
    const parent = new pulumi.ComponentResource("test:index:Aws", NAME, {}, { transformations: [reword] });
    const scope: Scope = { name: NAME, parent, tags: {} };
    const keyPair = new KeyPair(NAME, { publicKey: this.key.publicKey }, { parent });
    const { layout } = plan;
    const networks = new Map(layout.networks.map((network) => [network.name, createNetwork(scope, network)]));
    const peerings =
      layout.interconnect === "TransitGateway"
        ? attachNetworks(scope, layout.transitSubnets, networks)
        : peerNetworks(scope, layout.peerings, networks);
    createIngressRules(scope, plan.rules, networks, peerings);
    const instanceType = args.instanceType ?? "t3.micro";
    const image = args.imageId ?? debianImage(scope, instanceType);
    for (const node of layout.nodes) {
      const made = this.hostKeys.get(node.name);
      const { privateKey, publicKey } = made ?? generateKey();
      const dry = pulumi.runtime.isDryRun();
      if (!dry) this.hostKeys.set(node.name, { privateKey, publicKey });
      // A key that is still to be made is not known in a preview.
      const unknown = pulumi.output(pulumi.unknown as string);
      const hostKey =
        made === undefined && dry ? { privateKey: unknown, publicKey: unknown } : { privateKey, publicKey };
      createInstance(scope, {
        node,
        network: networkOf(networks, node.network),
        instanceType,
        image,
        keepImage: args.imageId === undefined,
        packages,
        keyPair,
        hostKey,
      });
    }
  }
}

function clusterArgs(args: Partial<ClusterArgs>): ClusterArgs {
  return {
    ipPools: manifest(),
    networks: [],
    ssh: { adminCidrBlocks: ["203.0.113.7/32"], proxyCommand: "true" },
    ...args,
  };
}

/** `Subnet blue-10.1.0.0-24` of a URN. */
function nameOf(urn: string): string {
  const [, , type = "", name = ""] = urn.split("::");
  return `${type.split(":").at(-1)} ${name.replace(`${NAME}-`, "")}`;
}
