import type { ResourceRecord } from "../state/record";
import type { Cloud } from "./cloud";

/** A name of an instance and its address, as the resolver of its VPC knows it. */
export interface HostRecord {
  readonly name: string;
  readonly address: string;
  /** Whether the address has this name, too. */
  readonly reverse: boolean;
}

/**
 * The names that the resolver of each VPC answers for, by VPC: those of its instances' private addresses, and public
 * names with private addresses, as EC2 resolves them inside (VPC User Guide, "DNS attributes for your VPC"; EC2 User
 * Guide, "EC2 instance hostnames and domains"). A VPC without DNS support has no resolver and is not in it.
 */
export function privateDns(records: readonly ResourceRecord[], cloud: Cloud): Map<string, HostRecord[]> {
  const byId = new Map(records.map((record) => [record.id, record.outputs]));
  const resolvers = [...cloud.vpcs.keys()].filter((id) => byId.get(id)?.["enableDnsSupport"] !== false);
  return new Map(
    resolvers.map((vpcId) => [
      vpcId,
      cloud.instances
        .filter(({ subnet }) => subnet.vpcId === vpcId)
        .flatMap(({ id, privateIp }) => {
          const outputs = byId.get(id) ?? {};
          const own = text(outputs["privateDns"]);
          const domain = own?.slice(own.indexOf(".") + 1) ?? "ec2.internal";
          const byAddress = `ip-${privateIp.replaceAll(".", "-")}.${domain}`;
          const names = new Set([own ?? byAddress, byAddress, text(outputs["publicDns"])].filter(isHostname));
          return [...names].map((name, i): HostRecord => ({
            name: name.toLowerCase(),
            address: privateIp,
            reverse: i === 0,
          }));
        }),
    ]),
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function isHostname(name: string | undefined): name is string {
  return name !== undefined && name.length <= 253 && /^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/.test(name);
}
