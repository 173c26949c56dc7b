import { spawn } from "node:child_process";

/**
 * The outputs of a stack, secrets included, as `pulumi stack output --json --show-secrets` gives them. They stay in
 * memory.
 *
 * @param directory where the project's Pulumi.yaml is
 * @param stack name of the stack; default: the selected one
 * @throws Error with what the CLI wrote to standard error
 */
export async function stackOutputs(
  directory: string,
  stack?: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<unknown> {
  const args = [
    "-C",
    directory,
    "stack",
    "output",
    "--json",
    "--show-secrets",
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
