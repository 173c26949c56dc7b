import { FabricError } from "../../cloud/cloud";
import { fabricOf } from "../../fabric/model";
import type { ResourceRecord } from "../../state/record";
import type { LabView, Waiting } from "./lab-view";
import type { Seen } from "./seen";

/** What is not as the records say, and what would change that. */
export function waiting(
  { nodes, peerings }: Pick<LabView, "nodes" | "peerings">,
  instances: readonly ResourceRecord[],
  prefix: string,
  records: readonly ResourceRecord[],
  { namespaces, holder }: Seen,
): Waiting[] {
  const there = new Set(namespaces);
  const pending = new Set(
    instances.filter(({ outputs }) => outputs["instanceState"] === "pending").map(({ id }) => id),
  );
  return [
    ...(holder === undefined ? [] : [{ id: "lab", what: `is being changed by ${holder}` }]),
    ...nodes.flatMap(({ id, state, paused, settled }): Waiting[] => {
      if (state !== "running")
        return [
          {
            id,
            what: pending.has(id)
              ? "has not been started: pulumi up starts it"
              : `is ${state}: overlaynet lab start starts it`,
          },
        ];
      if (paused) return [{ id, what: "is paused: overlaynet lab fault resume" }];
      return settled ? [] : [{ id, what: "boots: its systemd has not settled" }];
    }),
    ...peerings.filter(({ status }) => status !== "active").map(({ id, status }) => ({ id, what: `is ${status}` })),
    ...expectedNamespaces(prefix, records).flatMap((name): Waiting[] =>
      typeof name !== "string"
        ? [name]
        : there.has(name)
          ? []
          : [
              {
                id: name.slice(prefix.length),
                what: `its namespace ${name} is not there: overlaynet lab start makes it`,
              },
            ],
    ),
  ];
}

function expectedNamespaces(prefix: string, records: readonly ResourceRecord[]): (string | Waiting)[] {
  try {
    return fabricOf(prefix, records).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof FabricError)) throw error;
    return error.problems.map((problem) => ({ id: "lab", what: `cannot be made real: ${problem}` }));
  }
}
