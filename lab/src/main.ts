import * as nodeModule from "node:module";
import { engineAddress } from "../../wire/engine-log";
import { labBackend } from "./ec2/lab-backend";
import { serve } from "./serve";
import { openLab } from "./state/paths";

/**
 * The stand-in `aws` plugin, started by the Pulumi engine: its address is among the arguments, our port goes to
 * standard output.
 */
async function main(args: readonly string[]): Promise<void> {
  const engine = engineAddress(args);
  const { port } = await serve(labBackend(openLab()), engine);
  process.stdout.write(`${port}\n`);
  // Node keeps what it compiled when it ends by itself, and the engine ends plugins by a signal. Node before 22.10 has
  // no such call.
  nodeModule.flushCompileCache?.();
  // An engine that is killed ends none of its plugins.
  const parent = process.ppid;
  if (engine !== undefined) setInterval(() => process.ppid === parent || process.exit(), 1000).unref();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `pulumi-resource-aws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
