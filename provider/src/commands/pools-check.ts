import { Command, InvalidArgumentError, Option } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { CidrError, parsePoolCidr, type PoolCidr } from "../ippool/cidr";
import { checkIpPools, type PoolCheck } from "../ippool/check";
import { formatProblem } from "../ippool/problem";
import { readStoredPools, type StoredPool } from "../ippool/stored";
import { inputName, OR_STANDARD_INPUT, readInput } from "./input-file";

interface CheckOptions extends FormatOptions {
  readonly existing?: string;
  readonly blocks: readonly PoolCidr[];
}

/** `overlaynet pools check`: both of Calico's validators, without a cluster. */
export function poolsCheckCommand(): Command {
  const command = new Command("check")
    .description("judge IPPool manifests as Calico does")
    .argument("<file>", `YAML or JSON with one or many IPPools, ${OR_STANDARD_INPUT}`)
    .option(
      "--existing <file>",
      "pools that are there already: a manifest of the same name is an update, none may overlap",
    )
    .addOption(
      new Option("--blocks <cidrs>", "blocks in use, separated by commas").argParser(parseBlocks).default([], "none"),
    )
    .action((file: string, options: CheckOptions) => {
      const existing = options.existing === undefined ? [] : readExisting(options.existing);
      const checks = checkIpPools(readInput(file), { existing, blocks: options.blocks });
      printResult(options.format, checks, () => checkText(checks, file));
      if (checks.length === 0) process.stderr.write(`overlaynet: no IPPool in ${inputName(file)}\n`);
      process.exitCode = checks.length > 0 && checks.every((check) => check.ok) ? 0 : 1;
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet pools check pools.yaml", "new pools"],
      ["overlaynet pools check pools.yaml --existing stored.yaml", "an update of pools that are there"],
      ["overlaynet pools check pools.yaml --format json", "with the stored spec, for a program"],
      ["kubectl get ippools -o yaml | overlaynet pools check -", "the pools of a cluster"],
    ],
    exitCodes: { 0: "all pools are valid", 1: "one is not, or there is none" },
    schema: "docs/schema/pools-check.schema.json",
  });
}

function checkText(checks: readonly PoolCheck[], file: string): string {
  const source = inputName(file);
  return checks
    .map((check) =>
      check.ok
        ? `${source}: ${check.name}: ok\n`
        : check.errors.map((error) => `${formatProblem(error, source)}\n`).join(""),
    )
    .join("");
}

function readExisting(file: string): readonly StoredPool[] {
  const { pools, problems } = readStoredPools(readInput(file));
  if (problems.length > 0)
    throw new Error(
      `existing pools cannot be read\n${problems.map((problem) => formatProblem(problem, inputName(file))).join("\n")}`,
    );
  return pools;
}

function parseBlocks(text: string): readonly PoolCidr[] {
  return text
    .split(",")
    .map((block) => block.trim())
    .filter((block) => block !== "")
    .map((block) => {
      try {
        return parsePoolCidr(block);
      } catch (error) {
        if (error instanceof CidrError) throw new InvalidArgumentError(`"${block}" is not a CIDR: ${error.message}`);
        throw error;
      }
    });
}
