/** One thing wrong with an input: what (in Calico's words where Calico has some), where, and in which text. */
export interface Problem {
  /** Property path from the document's root, such as `spec.cidr`. */
  readonly path: string;
  readonly message: string;
  /** 1-based; absent when the object did not come from text. */
  readonly line?: number;
  readonly column?: number;
}

/**
 * `pools.yaml:7:5: spec.cidr: MESSAGE`, as compilers and editors write places; parts that are not known are left out.
 */
export function formatProblem(problem: Problem, source?: string): string {
  const place = [source, problem.line, problem.column].filter((part) => part !== undefined).join(":");
  return [place, problem.path, problem.message].filter((part) => part !== "").join(": ");
}
