import { readFileSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { CidrError, parsePoolCidr, type PoolCidr } from "../ippool/cidr";
import { checkIpPools, type PoolCheck } from "../ippool/check";
import { formatProblem } from "../ippool/problem";
import { readStoredPools, type StoredPool } from "../ippool/stored";

interface CheckOptions {
  readonly existing?: string;
  readonly blocks: readonly PoolCidr[];
  readonly output: "json" | "text";
}

/** `overlaynet pools`: what concerns IP pools alone. */
export function poolsCommand(): Command {
  return new Command("pools").description("work with Calico IPPool manifests").addCommand(checkCommand());
}

/**
 * `overlaynet pools check`: both of Calico's validators, without a cluster. Exit code 0 when every pool is valid, else
 * 1.
 */
function checkCommand(): Command {
  return new Command("check")
    .description("judge IPPool manifests as Calico does; exit code 0 when all are valid, else 1")
    .argument("<file>", "YAML or JSON with one or many IPPools, - for standard input")
    .option(
      "--existing <file>",
      "pools that are there already: a manifest of the same name is an update, none may overlap",
    )
    .addOption(
      new Option("--blocks <cidrs>", "blocks in use, separated by commas").argParser(parseBlocks).default([], "none"),
    )
    .addOption(new Option("--output <form>", "form of the result").choices(["json", "text"]).default("json"))
    .action((file: string, options: CheckOptions) => {
      const existing = options.existing === undefined ? [] : readExisting(options.existing);
      const checks = checkIpPools(read(file), { existing, blocks: options.blocks });
      process.stdout.write(
        options.output === "json" ? `${JSON.stringify(checks, null, 2)}\n` : checkText(checks, file),
      );
      if (checks.length === 0) process.stderr.write(`overlaynet: no IPPool in ${sourceName(file)}\n`);
      process.exitCode = checks.length > 0 && checks.every((check) => check.ok) ? 0 : 1;
    });
}

function checkText(checks: readonly PoolCheck[], file: string): string {
  const source = sourceName(file);
  return checks
    .map((check) =>
      check.ok
        ? `${source}: ${check.name}: ok\n`
        : check.errors.map((error) => `${formatProblem(error, source)}\n`).join(""),
    )
    .join("");
}

function readExisting(file: string): readonly StoredPool[] {
  const { pools, problems } = readStoredPools(read(file));
  if (problems.length > 0)
    throw new Error(
      `existing pools cannot be read\n${problems.map((problem) => formatProblem(problem, sourceName(file))).join("\n")}`,
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

function read(file: string): string {
  return readFileSync(file === "-" ? 0 : file, "utf8");
}

function sourceName(file: string): string {
  return file === "-" ? "<stdin>" : file;
}
