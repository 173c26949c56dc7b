import * as pulumi from "@pulumi/pulumi";
import { type Interconnect, INTERCONNECTS } from "../aws/interconnect";
import type { NetworkArgs, SubnetArgs } from "../aws/layout";
import type { Problem } from "../ippool/problem";
import { SMALLEST_MTU } from "../plan/mtu";

/** Of EC2's network interfaces, bytes (EC2 User Guide, "Network MTU"). */
const LARGEST_MTU = 9001;

/**
 * Arguments of a Cluster. What decides which resources there are is plain: it has to be known before anything is made.
 */
export interface ClusterArgs {
  /** Calico v3 manifests, YAML or JSON, one or many documents. */
  readonly ipPools: string;
  /** Name of the file that the manifests came from, for messages. */
  readonly ipPoolsSource?: string;
  readonly networks: readonly NetworkArgs[];
  /** Default "Peering": every network with every other. */
  readonly interconnect?: Interconnect;
  /** What becomes of pools without encapsulation whose nodes are in several subnets. Default "Refuse". */
  readonly neverAcrossSubnets?: NeverAcrossSubnets;
  /** VXLAN network identifier, 1 to 16777215. Default 4096. */
  readonly vxlanVni?: number;
  /** UDP port of VXLAN. Default 4789. */
  readonly vxlanPort?: number;
  /** MTU of the nodes' interfaces, bytes. Default 9001. */
  readonly hostMtu?: number;
  /** Test workloads on every node, which take the pools in turn. Default 0. */
  readonly workloadsPerNode?: number;
  /** Node name -> the instance's source/dest check. Off where not named, as Calico wants it. */
  readonly sourceDestCheck?: Readonly<Record<string, boolean>>;
  /** Node name -> labels that nodeSelectors are matched against, besides the ones that every node has. */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly ssh?: ClusterSshArgs;
  /** Default t3.micro. */
  readonly instanceType?: pulumi.Input<string>;
  /** Default: the newest Debian 12 image when the node is made. */
  readonly imageId?: pulumi.Input<string>;
  /** Beside Name, on everything that takes tags. */
  readonly tags?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

/**
 * VpcRouteTables: the VPC's route tables get a route for each block, to the network interface of the node that has it.
 */
export type NeverAcrossSubnets = "Refuse" | "VpcRouteTables";

export interface ClusterSshArgs {
  /** Who may reach port 22. Needed unless a proxyCommand reaches the nodes in another way. */
  readonly adminCidrBlocks?: readonly string[];
  /** Default: the image's own (admin, ubuntu or ec2-user); of images that others made it has to be named. */
  readonly user?: string;
  /** Default 22. */
  readonly port?: number;
  /** Run by /bin/sh with %h, %p and %r replaced. Default: the provider's `proxyCommand`, if configured. */
  readonly proxyCommand?: string;
  /** Host that connections to the nodes go through; a proxyCommand then carries those to it. */
  readonly bastion?: ClusterBastionArgs;
}

export interface ClusterBastionArgs {
  readonly host: pulumi.Input<string>;
  /** Default 22. */
  readonly port?: number;
  readonly user: string;
  readonly privateKey: pulumi.Input<string>;
  readonly hostKey: pulumi.Input<string>;
}

/**
 * Reads what a program passed: every problem of form, each at its property path; what cannot be read is left out of the
 * result.
 */
export function readClusterArgs(inputs: Readonly<Record<string, unknown>>): {
  readonly args: ClusterArgs;
  readonly problems: readonly Problem[];
} {
  const reader = new Reader();
  const ssh = reader.optional(inputs["ssh"], "ssh", (value, at) => reader.object(value, at));
  const neverAcrossSubnets = reader.optional(inputs["neverAcrossSubnets"], "neverAcrossSubnets", (value, at) =>
    reader.oneOf(value, at, ["Refuse", "VpcRouteTables"] as const),
  );
  const labels = reader.optional(inputs["labels"], "labels", (value, at) => reader.object(value, at)) ?? {};
  const checks =
    reader.optional(inputs["sourceDestCheck"], "sourceDestCheck", (value, at) => reader.object(value, at)) ?? {};
  const args: ClusterArgs = {
    ipPools: reader.required(inputs["ipPools"], "ipPools", (value, at) => reader.text(value, at)) ?? "",
    ipPoolsSource: reader.optional(inputs["ipPoolsSource"], "ipPoolsSource", (value, at) => reader.text(value, at)),
    interconnect: reader.optional(inputs["interconnect"], "interconnect", (value, at) =>
      reader.oneOf(value, at, INTERCONNECTS),
    ),
    networks:
      reader.required(inputs["networks"], "networks", (value, at) =>
        reader.list(value, at, (item, here) => readNetwork(reader, item, here)),
      ) ?? [],
    neverAcrossSubnets,
    vxlanVni: reader.optional(inputs["vxlanVni"], "vxlanVni", (value, at) => reader.within(value, at, 1, 0xffffff)),
    vxlanPort: reader.optional(inputs["vxlanPort"], "vxlanPort", (value, at) => reader.within(value, at, 1, 65535)),
    hostMtu: reader.optional(inputs["hostMtu"], "hostMtu", (value, at) =>
      reader.within(value, at, SMALLEST_MTU[4], LARGEST_MTU),
    ),
    workloadsPerNode: reader.optional(inputs["workloadsPerNode"], "workloadsPerNode", (value, at) =>
      reader.count(value, at),
    ),
    sourceDestCheck: Object.fromEntries(
      Object.entries(checks).map(([node, value]) => [
        node,
        reader.flag(value, `sourceDestCheck[${JSON.stringify(node)}]`) ?? false,
      ]),
    ),
    labels: Object.fromEntries(
      Object.entries(labels).map(([node, value]) => [node, reader.labels(value, `labels[${JSON.stringify(node)}]`)]),
    ),
    ssh: ssh && {
      adminCidrBlocks: reader.optional(ssh["adminCidrBlocks"], "ssh.adminCidrBlocks", (value, at) =>
        reader.list(value, at, (item, here) => reader.text(item, here)),
      ),
      user: reader.optional(ssh["user"], "ssh.user", (value, at) => reader.text(value, at)),
      port: reader.optional(ssh["port"], "ssh.port", (value, at) => reader.count(value, at)),
      proxyCommand: reader.optional(ssh["proxyCommand"], "ssh.proxyCommand", (value, at) => reader.text(value, at)),
      bastion: reader.optional(ssh["bastion"], "ssh.bastion", (value, at) => readBastion(reader, value, at)),
    },
    instanceType: reader.input(inputs["instanceType"], "instanceType"),
    imageId: reader.input(inputs["imageId"], "imageId"),
    tags: reader.tags(inputs["tags"], "tags"),
  };
  return { args, problems: reader.problems };
}

function readBastion(reader: Reader, value: unknown, at: string): ClusterBastionArgs | undefined {
  const bastion = reader.object(value, at);
  if (bastion === undefined) return undefined;
  return {
    host: reader.requiredInput(bastion["host"], `${at}.host`),
    port: reader.optional(bastion["port"], `${at}.port`, (port, here) => reader.within(port, here, 1, 65535)),
    user: reader.required(bastion["user"], `${at}.user`, (user, here) => reader.text(user, here)) ?? "",
    privateKey: reader.requiredInput(bastion["privateKey"], `${at}.privateKey`),
    hostKey: reader.requiredInput(bastion["hostKey"], `${at}.hostKey`),
  };
}

function readNetwork(reader: Reader, value: unknown, at: string): NetworkArgs | undefined {
  const network = reader.object(value, at);
  if (network === undefined) return undefined;
  return {
    name: reader.required(network["name"], `${at}.name`, (name, here) => reader.text(name, here)) ?? "",
    cidrBlock: reader.required(network["cidrBlock"], `${at}.cidrBlock`, (cidr, here) => reader.text(cidr, here)) ?? "",
    subnets:
      reader.required(network["subnets"], `${at}.subnets`, (list, here) =>
        reader.list(list, here, (item, path) => readSubnet(reader, item, path)),
      ) ?? [],
    natGateway: reader.optional(network["natGateway"], `${at}.natGateway`, (flag, here) => reader.flag(flag, here)),
  };
}

function readSubnet(reader: Reader, value: unknown, at: string): SubnetArgs | undefined {
  const subnet = reader.object(value, at);
  if (subnet === undefined) return undefined;
  return {
    availabilityZone:
      reader.required(subnet["availabilityZone"], `${at}.availabilityZone`, (zone, here) => reader.text(zone, here)) ??
      "",
    nodes: reader.required(subnet["nodes"], `${at}.nodes`, (nodes, here) => reader.count(nodes, here)) ?? 0,
    name: reader.optional(subnet["name"], `${at}.name`, (name, here) => reader.text(name, here)),
    cidrBlock: reader.optional(subnet["cidrBlock"], `${at}.cidrBlock`, (cidr, here) => reader.text(cidr, here)),
    publicIp: reader.optional(subnet["publicIp"], `${at}.publicIp`, (flag, here) => reader.flag(flag, here)),
  };
}

type Read<T> = (value: unknown, at: string) => T | undefined;

class Reader {
  readonly problems: Problem[] = [];

  problem(path: string, message: string): undefined {
    this.problems.push({ path, message });
    return undefined;
  }

  required<T>(value: unknown, at: string, read: Read<T>): T | undefined {
    return value === undefined || value === null ? this.problem(at, "is required") : this.plain(value, at, read);
  }

  optional<T>(value: unknown, at: string, read: Read<T>): T | undefined {
    return value === undefined || value === null ? undefined : this.plain(value, at, read);
  }

  private plain<T>(value: unknown, at: string, read: Read<T>): T | undefined {
    if (!pulumi.Output.isInstance(value)) return read(value, at);
    return this.problem(
      at,
      "has to be a plain value, as it decides which resources there are: not a secret, and not another resource's output",
    );
  }

  text(value: unknown, at: string): string | undefined {
    return typeof value === "string" && value !== "" ? value : this.problem(at, `expected a text, got ${kind(value)}`);
  }

  oneOf<T extends string>(value: unknown, at: string, known: readonly T[]): T | undefined {
    const text = this.text(value, at);
    return text === undefined
      ? undefined
      : (known.find((one) => one === text) ??
          this.problem(at, `"${text}" is not known: use ${known.map((one) => `"${one}"`).join(" or ")}`));
  }

  flag(value: unknown, at: string): boolean | undefined {
    return typeof value === "boolean" ? value : this.problem(at, `expected true or false, got ${kind(value)}`);
  }

  count(value: unknown, at: string): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
    return this.problem(at, `expected a whole number from 0, got ${typeof value === "number" ? value : kind(value)}`);
  }

  within(value: unknown, at: string, least: number, most: number): number | undefined {
    if (typeof value === "number" && Number.isInteger(value) && least <= value && value <= most) return value;
    return this.problem(
      at,
      `expected a whole number from ${least} to ${most}, got ${typeof value === "number" ? value : kind(value)}`,
    );
  }

  object(value: unknown, at: string): Readonly<Record<string, unknown>> | undefined {
    return isRecord(value) ? value : this.problem(at, `expected an object, got ${kind(value)}`);
  }

  labels(value: unknown, at: string): Record<string, string> {
    const entries = Object.entries(this.object(value, at) ?? {});
    // An empty value is a label, too.
    return Object.fromEntries(
      entries.flatMap(([key, text]) =>
        typeof text === "string"
          ? [[key, text]]
          : (this.problem(`${at}[${JSON.stringify(key)}]`, `expected a text, got ${kind(text)}`), []),
      ),
    );
  }

  list<T>(value: unknown, at: string, read: Read<T>): readonly T[] | undefined {
    if (!Array.isArray(value)) return this.problem(at, `expected a list, got ${kind(value)}`);
    return value
      .map((item: unknown, index) => this.plain(item, `${at}[${index}]`, read))
      .filter((item) => item !== undefined);
  }

  /** A text that may not be known yet. */
  input(value: unknown, at: string): pulumi.Input<string> | undefined {
    if (isOutput<string>(value)) return value.apply((known) => this.orThrow(this.text(known, at), at));
    return this.optional(value, at, (known, here) => this.text(known, here));
  }

  requiredInput(value: unknown, at: string): pulumi.Input<string> {
    if (value === undefined || value === null) this.problem(at, "is required");
    return this.input(value, at) ?? "";
  }

  tags(value: unknown, at: string): ClusterArgs["tags"] {
    if (isOutput<Record<string, string>>(value))
      return value.apply((known) => this.orThrow(this.object(known, at), at)).apply(texts);
    const tags = this.optional(value, at, (known, here) => this.object(known, here));
    return tags && pulumi.output(tags).apply(texts);
  }

  private orThrow<T>(value: T | undefined, at: string): T {
    if (value !== undefined) return value;
    throw new Error(
      this.problems
        .filter(({ path }) => path === at)
        .map(({ path, message }) => `${path}: ${message}`)
        .join("\n"),
    );
  }
}

function isOutput<T>(value: unknown): value is pulumi.Output<T> {
  return pulumi.Output.isInstance(value);
}

function texts(tags: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kind(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (value === "") return "an empty text";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
