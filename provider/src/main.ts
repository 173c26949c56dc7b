import { overlaynetPackage } from "./package";
import { serve } from "./serve";

serve(overlaynetPackage, process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`pulumi-resource-overlaynet: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
