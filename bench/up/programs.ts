import { getAvailabilityZonesOutput } from "@pulumi/aws/getAvailabilityZones";
import { KeyPair } from "@pulumi/aws/ec2";
import { Cluster } from "overlaynet";
import * as pulumi from "@pulumi/pulumi";
import { createInstance, debianImage } from "../../provider/src/aws/instance";
import { createIngressRules, createNetwork, networkOf, peerNetworks } from "../../provider/src/aws/network";
import type { Scope } from "../../provider/src/aws/scope";
import { planCluster } from "../../provider/src/resources/cluster-plan";
import { clusterArgs, type Mode } from "./topology";

/** What the bench tells a program: its size, its mode, and a key pair where it makes none. */
const SIZE = Number(process.env["BENCH_NODES"]);
const MODE = process.env["BENCH_MODE"] as Mode;

/** The whole: what a user writes. */
export function cluster(): void {
  new Cluster("bench", clusterArgs(SIZE, MODE));
}

/** The AWS resources of the same cluster alone, made by the provider's own code, without keys of its making. */
export function awsPart(): void {
  const args = clusterArgs(SIZE, MODE);
  const plan = planCluster(args, undefined);
  const scope: Scope = { name: "bench", parent: new pulumi.ComponentResource("bench:index:Aws", "bench"), tags: {} };
  const { parent } = scope;
  const publicKey = process.env["BENCH_PUBLIC_KEY"] ?? "";
  const hostKey = { privateKey: pulumi.secret(process.env["BENCH_PRIVATE_KEY"] ?? ""), publicKey };
  const keyPair = new KeyPair("bench", { publicKey }, { parent });
  getAvailabilityZonesOutput({}, { parent });
  const networks = new Map(plan.layout.networks.map((network) => [network.name, createNetwork(scope, network)]));
  const peerings = peerNetworks(scope, plan.layout.peerings, networks);
  createIngressRules(scope, plan.rules, networks, peerings);
  const instanceType = "t3.micro";
  const image = debianImage(scope, instanceType);
  for (const node of plan.layout.nodes) {
    const network = networkOf(networks, node.network);
    createInstance(scope, { node, network, instanceType, image, keepImage: true, keyPair, hostKey });
  }
}
