import * as nodeModule from "node:module";
import { overlaynetPackage } from "./package";
import { serve } from "./serve";

async function main(args: string[]): Promise<void> {
  await serve(overlaynetPackage, args);
  // Node keeps what it compiled when it ends by itself, and the engine ends plugins by a signal. Node before 22.10 has
  // no such call.
  nodeModule.flushCompileCache?.();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(
    `pulumi-resource-overlaynet: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
});
