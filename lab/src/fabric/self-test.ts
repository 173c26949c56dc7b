import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { run } from "../state/privileged";
import type { Lab } from "../state/paths";
import type { ResourceRecord } from "../state/record";
import { applyFabric, existingNamespaces, removalCommands } from "./apply";
import { arrives, Guest } from "./guest";
import { ensureBridgeNetfilter } from "./kernel";
import { fabricOf } from "./model";
import { namespaceOfId, namespacePrefix } from "./names";
import type { Namespace } from "./namespace";

/** This machine cannot do what the lab's networks need: words for a person. */
export class SelfTestError extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(`This machine cannot run the lab's networks: ${problem}`, options);
    this.name = "SelfTestError";
  }
}

/**
 * Proves once per boot of this machine, by packets, that security groups hold here; then it says nothing more until the
 * next boot. To be called under the fabric's lock.
 *
 * @throws SelfTestError saying what does not hold; the lab must not run then, as its verdicts would be wrong
 */
export async function ensureSelfTest(lab: Lab): Promise<void> {
  const memory = join(lab.state, "fabric", "self-test");
  const boot = `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${release()}\n`;
  if (existsSync(memory) && readFileSync(memory, "utf8") === boot) return;
  await selfTest(lab);
  mkdirSync(join(lab.state, "fabric"), { recursive: true, mode: 0o700 });
  writeFileSync(memory, boot);
}

/**
 * Two instances in a subnet; a's security group lets protocol 4 in from b, b's lets nothing of it in. On EC2, a to b is
 * dropped, b to a passes, and then a to b passes as the reply to it (EC2 User Guide, "Security group connection
 * tracking").
 *
 * @param fabric what to prove; the lab's own way of making networks unless something is to be shown to fail
 */
export async function selfTest(lab: Lab, fabric: readonly Namespace[] = selfTestFabric(lab)): Promise<void> {
  const prefix = selfTestPrefix(lab);
  const memory = join(lab.state, "fabric", "self-test-applied.json");
  try {
    await remove(prefix);
    await ensureBridgeNetfilter();
    await applyFabric(prefix, fabric, memory);
    const a = await guest(prefix, instances.a);
    const b = await guest(prefix, instances.b);
    await probe(a, b);
  } catch (error) {
    if (error instanceof SelfTestError) throw error;
    throw new SelfTestError(error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    await remove(prefix);
    for (const file of [memory, `${memory}.lock`]) await run(["rm", "-f", "--", file]);
  }
}

/** Two cards in a subnet. */
export function selfTestFabric(lab: Lab): Namespace[] {
  return fabricOf(selfTestPrefix(lab), records);
}

function selfTestPrefix(lab: Lab): string {
  return `${namespacePrefix(lab)}test-`;
}

async function probe(a: Guest, b: Guest): Promise<void> {
  const protocol4 = "ip protocol 4";
  const fence = `udp dport ${FENCE_PORT}`;
  const [atA, atB, fenceAtB] = [await a.count(protocol4), await b.count(protocol4), await b.count(fence)];

  await a.sendProtocol(4, instances.b.address);
  // The second packet follows the first: once it is there, the first was dropped.
  await a.sendUdp(FENCE_PORT, instances.b.address);
  if (!(await arrives(fenceAtB, PATIENCE)))
    throw new SelfTestError("a packet that a security group's rule lets in does not arrive");
  if ((await atB()) > 0) {
    throw new SelfTestError(
      "a packet that no rule of a security group lets in arrives. Filters do not see bridged packets here: the kernel needs br_netfilter, per network namespace (Linux 5.3 or newer)",
    );
  }
  await b.sendProtocol(4, instances.a.address);
  if (!(await arrives(atA, PATIENCE)))
    throw new SelfTestError("a packet of IP protocol 4 that a security group's rule lets in does not arrive");
  await a.sendProtocol(4, instances.b.address);
  if (!(await arrives(atB, PATIENCE))) {
    throw new SelfTestError(
      "a reply of IP protocol 4 does not arrive: the kernel's connection tracking does not work for bridged packets per network namespace",
    );
  }
}

async function guest(prefix: string, { networkInterfaceId, mac, address }: (typeof instances)["a"]): Promise<Guest> {
  return Guest.attach(`${prefix}guest-${networkInterfaceId.slice(4)}`, {
    card: namespaceOfId(prefix, networkInterfaceId),
    mac,
    address: `${address}/24`,
    gateway: "10.0.0.1",
  });
}

async function remove(prefix: string): Promise<void> {
  const names = existingNamespaces(prefix);
  if (names.length > 0)
    await run(["sh", "-s"], { stdin: ["set -eu", ...names.flatMap(removalCommands), ""].join("\n") });
}

/** Milliseconds; reached only where a packet does not arrive at all, however busy the machine is. */
const PATIENCE = 5000;

/** IANA's discard. */
const FENCE_PORT = 9;

const instances = {
  a: { networkInterfaceId: "eni-a", mac: "02:00:00:00:00:0a", address: "10.0.0.10" },
  b: { networkInterfaceId: "eni-b", mac: "02:00:00:00:00:0b", address: "10.0.0.11" },
};

const records: readonly ResourceRecord[] = [
  record("aws:ec2/vpc:Vpc", "vpc-a", { cidrBlock: "10.0.0.0/16", mainRouteTableId: "rtb-a" }),
  record("aws:ec2/subnet:Subnet", "subnet-a", { cidrBlock: "10.0.0.0/24", vpcId: "vpc-a" }),
  ...(["a", "b"] as const).flatMap((name) => [
    record("aws:ec2/securityGroup:SecurityGroup", `sg-${name}`, { vpcId: "vpc-a" }),
    rule("Egress", `sgr-${name}-out`, { securityGroupId: `sg-${name}`, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
    rule("Ingress", `sgr-${name}-fence`, {
      securityGroupId: `sg-${name}`,
      ipProtocol: "udp",
      fromPort: FENCE_PORT,
      toPort: FENCE_PORT,
      cidrIpv4: "10.0.0.0/24",
    }),
    record(
      "aws:ec2/instance:Instance",
      `i-${name}`,
      {
        subnetId: "subnet-a",
        privateIp: instances[name].address,
        primaryNetworkInterfaceId: instances[name].networkInterfaceId,
        vpcSecurityGroupIds: [`sg-${name}`],
        sourceDestCheck: true,
        instanceState: "running",
      },
      { mac: instances[name].mac },
    ),
  ]),
  rule("Ingress", "sgr-a-ipip", { securityGroupId: "sg-a", ipProtocol: "4", cidrIpv4: `${instances.b.address}/32` }),
];

function rule(direction: "Ingress" | "Egress", id: string, outputs: ResourceRecord["outputs"]): ResourceRecord {
  return record(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`, id, outputs);
}

function record(
  type: string,
  id: string,
  outputs: ResourceRecord["outputs"],
  internal: ResourceRecord["internal"] = {},
): ResourceRecord {
  return { type, id, urn: "", inputs: {}, outputs, internal, created: 0 };
}
