import { Header } from "tar/header";

export interface TarEntry {
  /** At most 255 bytes, in parts that fit into a ustar header. */
  readonly path: string;
  readonly content: string | Buffer;
  readonly executable?: boolean;
}

const BLOCK = 512;

/** What ends an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/**
 * An archive in ustar format (POSIX.1-1988) but for its end, of regular files that belong to root and have no times:
 * the same entries make the same bytes. Only the headers are the library's: its archives are streams and end by
 * themselves, where these are pieces of one.
 * @throws RangeError for a path that is too long
 */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ path, content, executable = false }) => {
    const body = Buffer.from(content);
    return [
      header(path, body.length, executable ? 0o755 : 0o644),
      body,
      Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK),
    ];
  });
  return Buffer.concat(blocks);
}

function header(path: string, size: number, mode: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const needsMore = new Header({ path, mode, uid: 0, gid: 0, size, mtime: new Date(0), type: "File" }).encode(block);
  if (needsMore) throw new RangeError(`"${path}" does not fit into a tar header`);
  return block;
}
