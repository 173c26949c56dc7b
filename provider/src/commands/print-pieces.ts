import { once } from "node:events";

const WRITE_CHARACTERS = 64 * 1024;

/** Prints what is longer than a string can be, as it is made. */
export async function printPieces(pieces: Iterable<string>): Promise<void> {
  let pending = "";
  const flush = async (): Promise<void> => {
    if (!process.stdout.write(pending)) await once(process.stdout, "drain");
    pending = "";
  };
  for (const piece of pieces) {
    pending += piece;
    if (pending.length >= WRITE_CHARACTERS) await flush();
  }
  await flush();
}
