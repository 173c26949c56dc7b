import * as pulumi from "@pulumi/pulumi";
import schema from "../../schema.json";
import type { ClusterArgs } from "../generated/component-args";
import type { Problem } from "../ippool/problem";
import { readComponentInputs } from "./component-inputs";

/**
 * Reads what a program passed to a Cluster, with every problem of form, each at its property path.
 *
 * @returns arguments that are only to be used where there are no problems
 */
export function readClusterArgs(given: pulumi.Inputs): {
  readonly args: ClusterArgs;
  readonly problems: readonly Problem[];
} {
  const tagged = given["tags"] === undefined ? given : { ...given, tags: tagStrings(given["tags"]) };
  const { inputs, problems } = readComponentInputs(schema, "overlaynet:index:Cluster", tagged);
  return { args: inputs as ClusterArgs, problems };
}

/** A tag is a string, and may be written as a number: `cost: 1` is one in YAML. */
function tagStrings(tags: unknown): unknown {
  if (pulumi.Output.isInstance(tags)) return tags.apply(tagStrings);
  if (typeof tags === "number" || typeof tags === "boolean") return String(tags);
  if (typeof tags !== "object" || tags === null || Array.isArray(tags)) return tags;
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, tagStrings(value)]));
}
