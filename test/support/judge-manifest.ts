import assert from "node:assert/strict";
import { judgeIpPool, type Surroundings } from "../../provider/src/ippool/judge-pool";
import { manifestValueOf } from "../../provider/src/ippool/manifest-value";
import { parseIpPools } from "../../provider/src/ippool/parse";

type Part = Readonly<Record<string, unknown>>;

/** `PATH: MESSAGE` for each problem of an IPPool that is fine but for the parts given, which replace its own. */
export function problemsOfPool(parts: Part, surroundings: Surroundings = {}): string[] {
  const object = {
    apiVersion: "projectcalico.org/v3",
    kind: "IPPool",
    metadata: { name: "a" },
    spec: { cidr: "10.0.0.0/16" },
    ...parts,
  };
  const { problems, pool } = judgeIpPool(manifestValueOf(object), surroundings);
  assert.equal(pool === undefined, problems.length > 0);
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

/** `LINE:COLUMN PATH` for each problem of a text. */
export function placesOfProblems(text: string, surroundings: Surroundings = {}): string[] {
  return parseIpPools(text, surroundings).documents.flatMap(({ problems }) =>
    problems.map(({ path, line, column }) => `${line}:${column} ${path}`),
  );
}

/** The sentences of both readers, calicoctl's in Go's words, about a value whose type is wrong. */
export function wrongType(
  path: string,
  {
    struct,
    type,
    wanted,
    found,
  }: {
    readonly struct: string;
    readonly type: string;
    readonly wanted: string;
    readonly found: "array" | "object" | "string" | "integer";
  },
): string {
  const field = path.replace(/\[\d+\]/g, "");
  const inGo = found === "integer" ? "number" : found;
  return `${path}: json: cannot unmarshal ${inGo} into Go struct field ${struct}.${field} of type ${type}; ${path} in body must be of type ${wanted}: "${found}"`;
}
