import type { SeenPart } from "./node-access";

/**
 * How many files and deviations are told: enough to know what happened, and no more than fits a line or two of a diff.
 */
const TOLD = 4;

/** Of the sha256 of a file, hex digits that the state keeps: what was changed is told by them, and nothing else. */
const KEPT_DIGITS = 16;

/** Files by name, each as the first digits of its sha256. */
export type FileDigests = Readonly<Record<string, string>>;

/** What a state keeps of the files of a part. */
export function keptDigests(files: ReadonlyMap<string, string>): FileDigests {
  return Object.fromEntries([...files].map(([name, digest]) => [name, digest.slice(0, KEPT_DIGITS)]));
}

/**
 * What a part on a node is now, as its digest or in words: files that are not as they were brought there, and what
 * Linux holds otherwise than they say. Words are no digest of ours, so the next update mends it.
 *
 * @param digests digests that are no drift: the last one known, and the one that the plan gives now
 * @param brought the files that were brought there
 */
export function whatIsThere(seen: SeenPart, digests: readonly (string | undefined)[], brought: FileDigests): string {
  const files = digests.includes(seen.digest) ? [] : changedFiles(seen, brought);
  const words = [
    ...(files.length > 0 ? [`files: ${listed(files, ", ")}`] : []),
    ...(seen.deviations.length > 0 ? [`deviates: ${listed(seen.deviations, "; ")}`] : []),
  ];
  return words.length === 0 ? seen.digest : words.join("; ");
}

function changedFiles({ files }: SeenPart, brought: FileDigests): string[] {
  const wanted = new Map(Object.entries(brought));
  const names = [...new Set([...wanted.keys(), ...files.keys()])].sort();
  return names.flatMap((name) => {
    if (!files.has(name)) return files.size > 0 ? [`${name} is missing`] : [];
    if (!wanted.has(name)) return [`${name} is foreign`];
    return files.get(name)?.slice(0, KEPT_DIGITS) === wanted.get(name) ? [] : [`${name} was edited`];
  });
}

function listed(items: readonly string[], separator: string): string {
  const untold = items.length - TOLD;
  return `${items.slice(0, TOLD).join(separator)}${untold > 0 ? `${separator}and ${untold} more` : ""}`;
}
