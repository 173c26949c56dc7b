import type { ResourceRecord } from "../../../lab/src/state/record";
import { type Cloud, readCloud } from "../../../lab/src/cloud/cloud";
import { Connections } from "../../../lab/src/reach/connections";
import { reach } from "../../../lab/src/reach/reach";
import type { Path } from "../../../lab/src/reach/path";
import type { Observed } from "./probed-fabric";
import type { Probe } from "./probe";

/** A topology with the probes that were sent in it, in rounds. */
export interface Case {
  readonly name: string;
  readonly records: readonly ResourceRecord[];
  readonly rounds: readonly (readonly Probe[])[];
}

/** What became of the probes of a case, in their order. */
export interface Run extends Case {
  readonly observed: readonly Observed[];
}

export interface Disagreement {
  readonly run: Run;
  /** Number of the probe, from 0. */
  readonly at: number;
  readonly probe: Probe;
  readonly path: Path;
  readonly observed: Observed;
}

/** A model that is held against packets, and its mutants. */
export interface Model {
  readonly reach: typeof reach;
  readonly read: (records: readonly ResourceRecord[]) => Cloud;
}

export const model: Model = { reach, read: readCloud };

/** Where the packets of a run went another way than a model says. */
export function disagreements(run: Run, { reach, read }: Model = model): Disagreement[] {
  const cloud = read(run.records);
  let connections = new Connections();
  return run.rounds.flat().flatMap((probe, at) => {
    const path = reach(cloud, probe.origin, probe.packet, connections);
    connections = path.connections;
    const observed = run.observed[at] ?? [];
    return observed.join() === expectation(path).join() ? [] : [{ run, at, probe, path, observed }];
  });
}

function expectation(path: Path): Observed {
  if (path.verdict === "dropped") return [];
  return [
    `${path.to === "internet" ? path.to : path.to.instanceId} ${path.packet.source} > ${path.packet.destination}`,
  ];
}

/** For people. */
export function describeDisagreement({ run, at, probe, path, observed }: Disagreement): string {
  return [
    `${run.name}, probe ${at}: ${JSON.stringify(probe)}`,
    `  the model says: ${path.verdict === "dropped" ? path.code : expectation(path).join()}`,
    ...path.hops.map(
      ({ kind, id, direction, text }) => `    ${id} ${kind}${direction === undefined ? "" : ` ${direction}`}: ${text}`,
    ),
    `  the packet: ${observed.length === 0 ? "did not arrive" : observed.join("; ")}`,
  ].join("\n");
}

/** The case as one line of JSON: all probes up to the one in question. */
export function replayable({ run, at }: Disagreement): string {
  let left = at + 1;
  const rounds = run.rounds.map((round) => {
    const kept = round.slice(0, Math.max(0, left));
    left -= round.length;
    return kept;
  });
  const replayed: Case = { name: run.name, records: run.records, rounds: rounds.filter(({ length }) => length > 0) };
  return JSON.stringify(replayed);
}
