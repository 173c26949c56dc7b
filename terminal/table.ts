/** How a table looks, beside its cells. */
export interface TableStyle {
  /** Before each line; default: nothing. */
  readonly indent?: string;
  /** Whether a line of hyphens stands under the header; default: no. */
  readonly underline?: boolean;
  /** Columns, counted from 0, whose cells stand at the right; default: none. */
  readonly right?: readonly number[];
}

/**
 * The lines of a table, each with its line end: columns as wide as their widest cell, two blanks between them.
 *
 * The rows are gone through twice, first for the widths, so that the paths of thousands of nodes need not be kept.
 * This is why no library prints tables here: columnify and cli-table3 take an array of all rows and give one string.
 */
export function* tableLines(
  header: readonly string[],
  rows: Iterable<readonly string[]>,
  { indent = "", underline = false, right = [] }: TableStyle = {},
): Generator<string, undefined> {
  const widths = header.map((title) => title.length);
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const line = (row: readonly string[]): string => {
    const cells = row.map((cell, i) =>
      right.includes(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0),
    );
    return `${indent}${cells.join("  ").trimEnd()}\n`;
  };
  yield line(header);
  if (underline) yield line(widths.map((width) => "-".repeat(width)));
  for (const row of rows) yield line(row);
}

/** The whole table as one string, for as many rows as a person reads. */
export function table(header: readonly string[], rows: Iterable<readonly string[]>, style?: TableStyle): string {
  return [...tableLines(header, rows, style)].join("");
}
