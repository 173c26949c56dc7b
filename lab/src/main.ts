import { labBackend } from "./ec2/lab-backend";
import { serve } from "./serve";
import { openLab } from "./state/paths";

/** The stand-in `aws` plugin, started by the Pulumi engine: its address is among the arguments, our port goes to standard output. */
async function main(args: readonly string[]): Promise<void> {
  const { port } = await serve(labBackend(openLab()), args.findLast((arg) => /:\d+$/.test(arg)) ?? "");
  process.stdout.write(`${port}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`pulumi-resource-aws: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
