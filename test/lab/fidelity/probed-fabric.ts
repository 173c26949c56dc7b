import { containsAddress, routerAddress } from "../../../lab/src/cloud/cidr";
import { type Cloud, readCloud } from "../../../lab/src/cloud/cloud";
import { internetNamespace, interfaceName, macOf, namespaceOfId, namespacePrefix } from "../../../lab/src/fabric/names";
import { INTERNET_ADDRESS } from "../../../lab/src/cloud/well-known-address";
import { reconcile } from "../../../lab/src/fabric/reconcile";
import { run } from "../../../lab/src/state/privileged";
import type { CloudRecords } from "../../support/cloud-records";
import { GuestLab } from "../../support/guests";
import { Exchange } from "./exchange";
import { frameBytes, packetBytes, parseProbe } from "../../support/frame";
import type { Probe } from "./probe";

/** How long a packet that the model takes for delivered may need on a busy machine, milliseconds. */
const PATIENCE = 3000;
/**
 * After so many milliseconds without any arrival, no more are expected. One that comes later, in the same topology, is
 * noticed still.
 */
const QUIET = 25;

/**
 * Where probes arrive and their addresses there, such as `i-a1 10.1.1.1 > 10.1.1.2`: one entry, unless a packet is
 * dropped, or doubled.
 */
export type Observed = readonly string[];

/** A lab whose guests answer nothing: what is tracked anywhere is what was sent. */
export class ProbedFabric {
  private readonly prefix: string;
  private readonly observed: string[][] = [];
  private clouds: readonly Cloud[] = [];

  private constructor(
    readonly lab: GuestLab,
    readonly exchange: Exchange,
  ) {
    this.prefix = namespacePrefix(lab.lab);
  }

  /**
   * @param base has all the instances of all that the fabric is to become, with the addresses that their guests have
   */
  static async start(base: CloudRecords, secondaries: ReadonlyMap<string, string>): Promise<ProbedFabric> {
    const lab = await GuestLab.start(base);
    try {
      const names = instanceNames(base);
      const guests = names.map((name) => lab.guest(name).namespace);
      const inet = internetNamespace(namespacePrefix(lab.lab));
      const quiet = [
        ...names.map((name) =>
          inside(
            lab.guest(name).namespace,
            `nft add rule ip arrivals prerouting drop${secondaries.has(name) ? ` && ip address add ${secondaries.get(name)}/32 dev ens5` : ""}`,
          ),
        ),
        inside(
          inet,
          `nft -f - <<'NFT'\ntable ip silent {\nchain input { type filter hook input priority 0; policy drop; }\n}\nNFT`,
        ),
      ];
      await run(["sh", "-s"], { stdin: ["set -eu", ...quiet, ""].join("\n") });
      return new ProbedFabric(lab, await Exchange.start(inet, guests));
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  /** Other rules and routes for the same instances; nothing is tracked any more. */
  async become(topologies: readonly CloudRecords[]): Promise<void> {
    const records = topologies.flatMap((each) => each.list());
    await reconcile(this.lab.lab, records);
    this.clouds = topologies.map((each) => readCloud(each.list()));
    const tracking = records.flatMap(({ type, id, outputs }) =>
      type.endsWith(":Instance")
        ? [String(outputs["primaryNetworkInterfaceId"])]
        : /:(InternetGateway|NatGateway)$/.test(type)
          ? [id]
          : [],
    );
    await run(["sh", "-s"], {
      stdin: tracking
        .map((id) => `nsenter --net=/run/netns/${namespaceOfId(this.prefix, id)} conntrack -F 2>/dev/null\n`)
        .join(""),
    });
  }

  /**
   * Sends probes at once.
   *
   * @param expected how many are taken for delivered: they are waited for
   * @returns what is observed of each; packets that come late are added to it
   */
  async send(probes: readonly Probe[], expected: readonly boolean[]): Promise<Observed[]> {
    const first = this.observed.length;
    for (const probe of probes) {
      this.observed.push([]);
      this.sendOne(probe, this.observed.length - 1);
    }
    const missing = (): boolean => expected.some((is, i) => is && this.observed[first + i]?.length === 0);
    const deadline = Date.now() + PATIENCE;
    do await this.collect();
    while (missing() && Date.now() < deadline);
    return this.observed.slice(first);
  }

  async remove(): Promise<void> {
    await this.exchange.end();
    await this.lab.remove();
  }

  private sendOne({ origin, packet }: Probe, number: number): void {
    const bytes = packetBytes(packet, number);
    if (origin === "internet") return this.exchange.send(internetNamespace(this.prefix), bytes);
    for (const cloud of this.clouds) {
      const instance = cloud.instances.find(({ id }) => id === origin.instanceId);
      if (instance === undefined) continue;
      const { subnet } = instance;
      const router = routerAddress(subnet.cidr);
      const { destination } = packet;
      const isForMany = Number(destination.split(".")[0]) >= 224;
      const via = origin.nextHop ?? (isForMany || containsAddress(subnet.cidr, destination) ? destination : router);
      const neighbour = cloud.instances.find(
        (other) => other.subnet.id === subnet.id && [other.privateIp, ...other.secondaryPrivateIps].includes(via),
      );
      const nat = cloud.natGateways.find((gateway) => gateway.subnet.id === subnet.id && gateway.privateIp === via);
      const mac =
        via === router
          ? macOf(namespaceOfId(this.prefix, subnet.vpcId), interfaceName("s", subnet.id))
          : via === "224.0.0.9"
            ? "01:00:5e:00:00:09"
            : via === "255.255.255.255" || via === subnet.cidr.getLast().toString()
              ? "ff:ff:ff:ff:ff:ff"
              : nat === undefined
                ? neighbour?.mac
                : macOf(namespaceOfId(this.prefix, nat.id), "vpc");
      // Nobody answers the guest's ARP: it has no frame to send.
      if (mac !== undefined)
        this.exchange.send(this.lab.guest(instance.id.slice(2)).namespace, frameBytes(instance.mac, mac, bytes));
    }
  }

  private async collect(): Promise<void> {
    for (const { namespace, packet } of await this.exchange.settle(QUIET)) {
      const probe = parseProbe(packet);
      if (probe === undefined) continue;
      const isInternet = namespace === internetNamespace(this.prefix);
      // The lab's internet hands on what is for another public address.
      if (isInternet && probe.destination !== INTERNET_ADDRESS) continue;
      const at = isInternet ? "internet" : `i-${namespace.slice(namespace.lastIndexOf("-") + 1)}`;
      this.observed[probe.number]?.push(`${at} ${probe.source} > ${probe.destination}`);
    }
  }
}

function instanceNames(records: CloudRecords): string[] {
  return records
    .list()
    .filter(({ type }) => type === "aws:ec2/instance:Instance")
    .map(({ id }) => id.slice(2));
}

function inside(namespace: string, script: string): string {
  return `nsenter --net=/run/netns/${namespace} sh -eu <<'SH'\n${script}\nSH`;
}
