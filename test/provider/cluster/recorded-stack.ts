import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { ClusterArgs } from "../../../provider/src/generated/component-args";
import { KnownTopologies } from "../../../provider/src/resources/known-topologies";
import { loadIpPools } from "../../../provider/src/ippool/load";
import { Cluster, clusterFactory } from "../../../provider/src/resources/cluster";

/** One resource as the program registered it with the engine. */
export interface Registered {
  /** `<type>::<name>`, the part of the URN that is the program's. */
  readonly key: string;
  /** Types of those that it is a child of, and its own: `<type>$<type>::<name>`, all of the URN that is ours. */
  readonly place: string;
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Keys of what it waits for: dependsOn, and the resources that its inputs come from. */
  readonly dependencies: readonly string[];
  readonly deletedWith: string;
  readonly deleteBeforeReplace: boolean;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly replacementTrigger: unknown;
}

/** A node's instance, which is named after its address. */
export function instanceOf({ resources }: Pick<RecordedStack, "resources">, node: string): Registered {
  for (const resource of resources.values()) {
    const { Name } = (resource.inputs["tags"] ?? {}) as { readonly Name?: string };
    if (resource.type === "aws:ec2/instance:Instance" && Name === `test-${node}`) return resource;
  }
  throw new Error(`there is no instance of ${node}`);
}

export interface RecordedStack {
  readonly cluster: Cluster;
  readonly resources: ReadonlyMap<string, Registered>;
  /** What was asked of AWS: token and arguments. */
  readonly invokes: readonly { readonly token: string; readonly inputs: unknown }[];
}

const STACK = "pulumi:pulumi:Stack";
const SECRET = "4dabf18193072939515e22adb298388d";
export const ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"];
export const HOST_PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nHOST-SECRET\n-----END OPENSSH PRIVATE KEY-----\n";

/**
 * Makes a cluster against mocks and records what is registered; the outputs of resources are invented, those of the
 * topology too.
 * @param stopped whether AWS has stopped instances, which have no public address
 */
export async function recordCluster(
  args: ClusterArgs,
  name = "test",
  { stopped = false }: { readonly stopped?: boolean } = {},
): Promise<RecordedStack> {
  const { resources, invokes } = await record(stopped);
  const cluster = new Cluster(name, args, undefined, new KnownTopologies());
  await new Promise<unknown>((resolve) =>
    pulumi.all([cluster.nodes, cluster.workloads, cluster.topology, cluster.warnings]).apply(resolve),
  );
  await pulumi.runtime.disconnect();
  return { cluster, resources, invokes };
}

/**
 * The same through the provider's seam, from inputs of any form; gives what was registered until it succeeded or
 * failed.
 */
export async function recordConstruct(
  inputs: pulumi.Inputs,
  proxyCommand?: string,
): Promise<{
  readonly resources: ReadonlyMap<string, Registered>;
  readonly error: unknown;
  readonly state: pulumi.Inputs;
}> {
  const { resources } = await record();
  try {
    const { state } = await clusterFactory(new KnownTopologies())(
      "test",
      inputs,
      {},
      { sshDeadline: 300, deleteUnreachable: false, proxyCommand },
    );
    await pulumi.runtime.disconnect();
    return { resources, state, error: undefined };
  } catch (error) {
    return { resources, state: {}, error };
  }
}

async function record(
  stopped = false,
): Promise<Pick<RecordedStack, "invokes"> & { readonly resources: Map<string, Registered> }> {
  const resources = new Map<string, Registered>();
  const invokes: { token: string; inputs: unknown }[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => ({
        id: `id-of-${name}`,
        state: {
          ...inputs,
          ...invented(type, name, inputs),
          ...(stopped && type === "aws:ec2/instance:Instance" && { publicIp: "" }),
        },
      }),
      call: ({ token, inputs }) => {
        invokes.push({ token, inputs });
        return token.includes("getAvailabilityZones") ? { names: ZONES } : imageOf(inputs);
      },
    },
    "project",
    "stack",
    false,
  );
  recordRegistrations((request) => {
    const resource = readRequest(request);
    resources.set(resource.key, resource);
  });
  return { resources, invokes };
}

/** Images by their ids; a lookup by anything else finds Debian's. */
const IMAGES: Readonly<Record<string, { readonly name: string; readonly ownerId: string }>> = {
  "ami-debian": { name: "debian-12-amd64-20250316-2053", ownerId: "136693071363" },
  "ami-ubuntu": { name: "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250305", ownerId: "099720109477" },
  "ami-amazon": { name: "al2023-ami-2023.6.20250303.0-kernel-6.1-x86_64", ownerId: "137112412989" },
  "ami-mine": { name: "mine", ownerId: "123456789012" },
};
function imageOf(inputs: {
  readonly filters?: readonly { readonly name: string; readonly values: readonly string[] }[];
}): Record<string, unknown> {
  const id = inputs.filters?.find(({ name }) => name === "image-id")?.values[0] ?? "ami-debian";
  return { id, ...IMAGES[id] };
}

function recordRegistrations(record: (request: RegisterResourceRequest) => void): void {
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) throw new Error("there is no monitor: set the mocks first");
  const register: unknown = Reflect.get(monitor, "registerResource");
  if (typeof register !== "function") throw new Error("the monitor cannot register resources");
  Reflect.set(monitor, "registerResource", (request: RegisterResourceRequest, ...others: unknown[]) => {
    record(request);
    return Reflect.apply(register, monitor, [request, ...others]) as unknown;
  });
}

function readRequest(request: RegisterResourceRequest): Registered {
  const type = request.getType();
  const name = request.getName();
  const [, , parents = ""] = request.getParent().split("::");
  return {
    key: `${type}::${name}`,
    place: `${parents === "" || parents === STACK ? "" : `${parents}$`}${type}::${name}`,
    type,
    name,
    inputs: request.getObject()?.toJavaScript() ?? {},
    dependencies: request.getDependenciesList().map(keyOf),
    deletedWith: request.getDeletedwith() === "" ? "" : keyOf(request.getDeletedwith()),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
  };
}

function keyOf(urn: string): string {
  const [, , types = "", name = ""] = urn.split("::");
  return `${types.split("$").at(-1)}::${name}`;
}

function invented(type: string, name: string, inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  switch (type) {
    case "aws:ec2/instance:Instance":
      return { publicIp: `198.18.0.${name.length}`, primaryNetworkInterfaceId: `eni-of-${name}` };
    case "aws:ec2/keyPair:KeyPair":
      return { keyName: `${name}-1234567` };
    case "overlaynet:index:SshKey":
      return { privateKey: secret(HOST_PRIVATE_KEY), publicKey: `ssh-ed25519 AAAA${name}`, fingerprint: "SHA256:x" };
    case "overlaynet:index:IpPools":
      return { pools: loadIpPools(String(inputs["manifests"])).pools };
    case "overlaynet:index:Topology": {
      const nodes = names(inputs["hosts"]);
      const pools = names(inputs["pools"]);
      return {
        // One for each pool and node, in an order of its own.
        blocks: pools.flatMap((pool, i) => nodes.map((node, j) => ({ cidr: `192.168.${i}.${64 * j}/26`, node, pool }))),
        warnings: [{ code: "FromTopology", message: "of the topology" }],
        packed: "a packed topology",
        links: {},
        owner: "project/stack/test 01234567",
        assignedWorkloads: names(inputs["workloads"]).map((workload) => ({
          name: workload,
          node: "",
          pool: "pool",
          address: "192.168.0.1",
          mtu: 8981,
        })),
      };
    }
    case "overlaynet:index:Workload":
      return { digest: `digest of ${name}`, namespace: `wl-${String(inputs["name"])}` };
    default:
      return type.startsWith("overlaynet:") ? { digest: `digest of ${name}` } : {};
  }
}

function names(list: unknown): string[] {
  return Array.isArray(list) ? list.map((item: { readonly name: string }) => item.name) : [];
}

function secret(value: string): Record<string, string> {
  return { [SECRET]: "1b47061264138c4ac30d75fd1eb44270", value };
}

/** Every text in a resource's inputs that is not inside a secret. */
export function clearTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(clearTexts);
  if (typeof value !== "object" || value === null || SECRET in value) return [];
  return Object.values(value).flatMap(clearTexts);
}

export function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && SECRET in value;
}
