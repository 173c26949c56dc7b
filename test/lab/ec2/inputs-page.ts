import { functions } from "../../../lab/src/ec2/functions";
import { type Input, type Inputs, isBlock, isBlocks } from "../../../lab/src/ec2/engine/input";
import { resourceTypes } from "../../../lab/src/ec2/types-by-token";

const HEAD = `# Inputs of the aws package in the lab

Every input that @pulumi/aws 7.48 documents for what the lab models, and what becomes of it. This page is made from the declarations in
\`lab/src/ec2\`; test/lab/ec2/inputs.test.ts compares them with the package's own and this page with them. To write it anew:

    OVERLAYNET_WRITE_DOCS=1 npx mocha test/lab/ec2/inputs.test.ts

- **enforced**: packets, nodes, checks or answers follow it.
- **recorded**: kept and given back as AWS does, without effect in the lab.
- **refused**: any value that says more than leaving it out is an error, with the reason given here. What is inside a refused block is refused with it.

Any other input, resource type or function is an error that names it.
`;

/** docs/lab-inputs.md. */
export function inputsPage(): string {
  const types = [...resourceTypes.values()].sort((a, b) => (a.token < b.token ? -1 : 1));
  const calls = [...functions].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    HEAD,
    "## Resources\n",
    ...types.map(({ token, inputs }) => section(token, leaves(inputs, ""))),
    "## Functions\n",
    ...calls.map(([token, { args }]) =>
      section(
        token,
        Object.entries(args).map(([name, lab]) => ({ path: name, lab })),
      ),
    ),
  ].join("\n");
}

interface Leaf {
  readonly path: string;
  readonly lab: Input["lab"];
}

/** Blocks by what is in them: `metadataOptions.httpTokens`, `ingress[].fromPort`. */
function leaves(inputs: Inputs, before: string): Leaf[] {
  return Object.entries(inputs).flatMap(([name, { kind, lab }]): Leaf[] => {
    const path = `${before}${name}`;
    if (typeof lab === "object") return [{ path, lab }];
    if (isBlock(kind)) return leaves(kind.block, `${path}.`);
    if (isBlocks(kind)) return leaves(kind.blocks, `${path}[].`);
    return [{ path, lab }];
  });
}

function section(token: string, all: readonly Leaf[]): string {
  const list = (leavesOf: readonly Leaf[]): string => leavesOf.map(({ path }) => `\`${path}\``).join(", ");
  const reasons = new Map<string, Leaf[]>();
  for (const leaf of all)
    if (typeof leaf.lab === "object") reasons.set(leaf.lab.refused, [...(reasons.get(leaf.lab.refused) ?? []), leaf]);
  const rows = [
    ...(["enforced", "recorded"] as const).map((status) => ({
      status,
      inputs: list(all.filter(({ lab }) => lab === status)),
      reason: "",
    })),
    ...[...reasons].map(([reason, refused]) => ({ status: "refused", inputs: list(refused), reason })),
  ].filter(({ inputs }) => inputs !== "");
  return [
    `### ${token}\n`,
    "| | inputs | why |",
    "|---|---|---|",
    ...rows.map(({ status, inputs, reason }) => `| ${status} | ${inputs} | ${reason.replaceAll("|", "\\|")} |`),
    "",
  ].join("\n");
}
