import { InstanceType } from "@pulumi/aws/types/enums/ec2";

const KNOWN: ReadonlySet<string> = new Set(Object.values(InstanceType));

/**
 * MiB of a node by the size of its type. A node holds a network, not a load: far less than on AWS, and the same up to
 * `small`.
 */
const MEMORY: Readonly<Record<string, number>> = { nano: 192, micro: 192, small: 192, medium: 256, large: 384 };
const MOST_MEMORY = 512;

/** Whether EC2 has this type. */
export function isInstanceType(type: string): boolean {
  return KNOWN.has(type);
}

/** Memory of the node that stands for an instance of this type, MiB. */
export function nodeMemory(type: string): number {
  return MEMORY[type.slice(type.indexOf(".") + 1)] ?? MOST_MEMORY;
}

/**
 * Graviton has a `g` after the generation (EC2 User Guide, "Instance type naming conventions"); a1 came before the
 * convention.
 */
export function architectureOf(type: string): "arm64" | "x86_64" {
  return /^(?:[a-z]+\d+g|a1\.)/.test(type) ? "arm64" : "x86_64";
}

export function isBurstable(type: string): boolean {
  return /^t\d/.test(type);
}
