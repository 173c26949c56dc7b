/**
 * A part is what one resource owns on a node: a folder /etc/overlaynet/parts/<name> of plain files, written whole or
 * not at all, with a digest. The apply program on the node reads all parts together; adding or removing one is the unit
 * of change.
 */
export interface Part {
  /** `tunnel-ipip`, `tunnel-vxlan`, `routes`, `workload-<name>`: [a-z0-9-]+, at most 40 characters. */
  readonly name: string;
  readonly files: readonly PartFile[];
  /** sha256, hex, over names and contents. */
  readonly digest: string;
}

export interface PartFile {
  /** Relative to the part's folder, [A-Za-z0-9._-]+ only. */
  readonly name: string;
  readonly content: string;
}
