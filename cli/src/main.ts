import { overlaynetCommand } from "./overlaynet";

overlaynetCommand()
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.stderr.write(`overlaynet: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
