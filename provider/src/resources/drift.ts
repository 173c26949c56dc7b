import { fileDigest } from "../node/digest";
import type { Part } from "../node/part";
import type { SeenPart } from "./node-access";

/**
 * How many files and deviations are told: enough to know what happened, and no more than fits a line or two of a diff.
 */
const TOLD = 4;

/**
 * What a part on a node is now, as its digest or in words: files that are not as they were brought there, and what
 * Linux holds otherwise than they say. Words are no digest of ours, so the next update mends it.
 *
 * @param expected the part as it has to be
 * @param was the digest that was last known
 */
export function whatIsThere(seen: SeenPart, expected: Part | undefined, was: string): string {
  const files = seen.digest === was || seen.digest === expected?.digest ? [] : changedFiles(seen, expected);
  const words = [
    ...(files.length > 0 ? [`files: ${listed(files, ", ")}`] : []),
    ...(seen.deviations.length > 0 ? [`deviates: ${listed(seen.deviations, "; ")}`] : []),
  ];
  return words.length === 0 ? seen.digest : words.join("; ");
}

function changedFiles({ files }: SeenPart, expected: Part | undefined): string[] {
  const wanted = new Map(expected?.files.map(({ name, content }) => [name, fileDigest(content)]));
  const names = [...new Set([...wanted.keys(), ...files.keys()])].sort();
  return names.flatMap((name) => {
    if (!files.has(name)) return files.size > 0 ? [`${name} is missing`] : [];
    if (!wanted.has(name)) return [`${name} is foreign`];
    return files.get(name) === wanted.get(name) ? [] : [`${name} was edited`];
  });
}

function listed(items: readonly string[], separator: string): string {
  const untold = items.length - TOLD;
  return `${items.slice(0, TOLD).join(separator)}${untold > 0 ? `${separator}and ${untold} more` : ""}`;
}
