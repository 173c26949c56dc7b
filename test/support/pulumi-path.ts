import { execFileSync } from "node:child_process";
import { delimiter, dirname, join, resolve } from "node:path";

const ROOT = resolve(__dirname, "../..");
let known: string | undefined;

/**
 * A PATH for Pulumi's CLI: its own folder, then that of the npm packages. The shim there finds the same CLI, but costs
 * a start of Node every time, a fifth of a second, and tests start it some hundred times.
 */
export function pulumiPath(): string {
  const cli = (): string =>
    execFileSync("sh", [join(ROOT, "scripts", "pulumi-cli"), "--check"], { encoding: "utf8" }).trim();
  return (known ??= [dirname(cli()), join(ROOT, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter));
}
