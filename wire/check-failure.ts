/** One thing wrong with an input: where, as the engine writes paths, and what. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}
