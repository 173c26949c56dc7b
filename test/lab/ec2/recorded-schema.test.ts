import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Input, type Inputs, isBlock, isBlocks } from "../../../lab/src/ec2/engine/input";
import { resourceTypes } from "../../../lab/src/ec2/types-by-token";
import { EC2 } from "../../../lab/src/cloud/tokens";

/**
 * Arguments of Terraform's resources as printed from its provider's code (5.46), one resource a line. R is required, O
 * optional, C computed (AWS may choose), ! replaces the resource when it changes.
 */
const recorded = readFileSync(join(__dirname, "recorded-schema.txt"), "utf8").trim().split("\n");

const types: Readonly<Record<string, string>> = {
  aws_vpc: EC2.vpc,
  aws_subnet: EC2.subnet,
  aws_internet_gateway: EC2.internetGateway,
  aws_route_table: EC2.routeTable,
  aws_route: EC2.route,
  aws_route_table_association: EC2.routeTableAssociation,
  aws_vpc_peering_connection: EC2.peering,
  aws_vpc_peering_connection_accepter: EC2.peeringAccepter,
  aws_vpc_peering_connection_options: EC2.peeringOptions,
  aws_security_group: EC2.securityGroup,
  aws_vpc_security_group_ingress_rule: EC2.ingressRule,
  aws_key_pair: EC2.keyPair,
  aws_instance: EC2.instance,
};

/** Where the lab differs from the recorded code, and why. */
const differences: Readonly<Record<string, string>> = {
  "aws_instance.cpu_core_count is OC! in the provider, unknown in the lab": "gone in 6.0",
  "aws_instance.cpu_threads_per_core is OC! in the provider, unknown in the lab": "gone in 6.0",
  "aws_instance.network_interface is OC in the provider, OC! in the lab":
    "all that is in it replaces, so that one more or less does, too",
  "aws_vpc_security_group_ingress_rule.security_group_id is R in the provider, R! in the lab":
    "a modifier of the plan, which the printed schema does not show; a change was seen to replace the rule",
};

describe("what may be given, what AWS chooses and what replaces, as in the provider's schema", () => {
  const seen = new Set<string>();
  for (const line of recorded) {
    const [resource = "", args = ""] = line.split(" | ");
    const inputs = resourceTypes.get(types[resource] ?? "")?.inputs;
    it(resource, () => {
      const found = args.split(" ").flatMap((word): string[] => {
        const [path = "", flags = ""] = word.split(":");
        if (!/[RO]/.test(flags) || path === "tags_all") return [];
        const ours = flagsOf(inputs ?? {}, path);
        if (ours === flags || ours === "refused") return [];
        const said = `${resource}.${path} is ${flags} in the provider, ${ours} in the lab`;
        return Object.hasOwn(differences, said) ? (seen.add(said), []) : [said];
      });
      assert.deepEqual(found, []);
    });
  }

  it("and every difference that is listed is there", () =>
    assert.deepEqual(
      Object.keys(differences).filter((said) => !seen.has(said)),
      [],
    ));
});

/** @param path in Terraform's spelling: `metadata_options.http_tokens` */
function flagsOf(inputs: Inputs, path: string): string {
  const [first = "", ...rest] = path.split(".");
  const name = first.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  // Pulumi has lists in the plural.
  const input = [name, `${name}s`].map((spelling) => inputs[spelling]).find((found) => found !== undefined);
  if (input === undefined) return "unknown";
  if (typeof input.lab === "object") return "refused";
  if (rest.length === 0) return flags(input);
  const inner = isBlock(input.kind) ? input.kind.block : isBlocks(input.kind) ? input.kind.blocks : {};
  return flagsOf(inner, rest.join("."));
}

function flags(input: Input): string {
  return `${input.required === true ? "R" : "O"}${input.computed === true ? "C" : ""}${input.forceNew === true ? "!" : ""}`;
}
