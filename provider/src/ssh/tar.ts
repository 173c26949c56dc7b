export interface TarEntry {
  /** At most 100 bytes, ASCII. */
  readonly path: string;
  readonly content: string | Buffer;
  readonly executable?: boolean;
}

const BLOCK = 512;

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/**
 * An archive in ustar format (POSIX.1-1988) but for its end, of regular files that belong to root and have no times:
 * the same entries make the same bytes.
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content, executable = false }) => {
    const body = typeof content === "string" ? Buffer.from(content) : content;
    return [
      header(path, body.length, executable ? 0o755 : 0o644),
      body,
      Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK),
    ];
  });
  return Buffer.concat(blocks);
}

function header(path: string, size: number, mode: number): Buffer {
  if (!/^[\x21-\x7e]{1,100}$/.test(path)) throw new RangeError(`"${path}" does not fit into a tar header`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, offset: number, length: number): void =>
    void block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "latin1");
  block.write(path, 0, "latin1");
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write("        0", 148, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
