import { spawn } from "node:child_process";

export interface StackOutputsOptions {
  /** Name of the stack; default: the selected one. */
  readonly stack?: string;
  /** Whether secrets are in it; they stay in memory. Default: true. */
  readonly showSecrets?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The outputs of a stack, as `pulumi stack output --json` gives them.
 *
 * @param directory where the project's Pulumi.yaml is
 * @throws Error with what the CLI wrote to standard error
 */
export async function stackOutputs(
  directory: string,
  { stack, showSecrets = true, env = process.env }: StackOutputsOptions = {},
): Promise<unknown> {
  const args = [
    "-C",
    directory,
    "stack",
    "output",
    "--json",
    ...(showSecrets ? ["--show-secrets"] : []),
    "--non-interactive",
    ...(stack === undefined ? [] : ["--stack", stack]),
  ];
  const text = await new Promise<string>((resolve, reject) => {
    const child = spawn("pulumi", args, { env, stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", (error) =>
      reject(new Error(`pulumi could not be started (${error.message}): install it, or run \`npm run setup\``)),
    );
    child.on("close", (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString("utf8"));
      else
        reject(
          new Error(
            `pulumi ${args.join(" ")} failed with exit code ${code}: ${Buffer.concat(err).toString("utf8").trim()}`,
          ),
        );
    });
  });
  return JSON.parse(text) as unknown;
}
