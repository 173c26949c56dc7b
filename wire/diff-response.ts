import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import type { ChangeKind } from "./property-diff";
import { topProperty } from "./property-value";

/** How one path changes. */
export interface PathChange {
  readonly kind: ChangeKind;
  /** Whether the change replaces the resource. */
  readonly replace: boolean;
  /** Whether the path is of the inputs rather than of the outputs. Default: of the outputs. */
  readonly ofInputs?: boolean;
}

export interface DiffOptions {
  /** Whether the engine is told the paths, and not the top properties alone. Default: it is. */
  readonly detailed?: boolean;
  /** Whether the old resource is deleted before its replacement is made. Default: after. */
  readonly deleteBeforeReplace?: boolean;
}

const KINDS: Readonly<Record<ChangeKind, readonly [rpc.PropertyDiff.Kind, rpc.PropertyDiff.Kind]>> = {
  add: [rpc.PropertyDiff.Kind.ADD, rpc.PropertyDiff.Kind.ADD_REPLACE],
  delete: [rpc.PropertyDiff.Kind.DELETE, rpc.PropertyDiff.Kind.DELETE_REPLACE],
  update: [rpc.PropertyDiff.Kind.UPDATE, rpc.PropertyDiff.Kind.UPDATE_REPLACE],
};

/**
 * The engine's form of a difference.
 *
 * @param changes by path, as the engine writes it
 */
export function diffResponse(
  changes: ReadonlyMap<string, PathChange>,
  { detailed = true, deleteBeforeReplace = false }: DiffOptions = {},
): rpc.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;
  const tops = (paths: readonly [string, PathChange][]): string[] => [
    ...new Set(paths.map(([path]) => topProperty(path))),
  ];
  const entries = [...changes];
  const response = new rpc.DiffResponse()
    .setChanges(changes.size === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList(tops(entries))
    .setReplacesList(tops(entries.filter(([, { replace }]) => replace)))
    .setHasdetaileddiff(detailed)
    .setDeletebeforereplace(deleteBeforeReplace);
  if (detailed)
    for (const [path, { kind, replace, ofInputs = false }] of entries)
      response
        .getDetaileddiffMap()
        .set(path, new rpc.PropertyDiff().setKind(KINDS[kind][replace ? 1 : 0]).setInputdiff(ofInputs));
  return response;
}
