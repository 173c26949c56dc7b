import * as fc from "fast-check";

const below = (most: number): fc.Arbitrary<number> => fc.noBias(fc.integer({ min: 0, max: most }));

/** Choices that are the same for the same seed. */
export class Random {
  private readonly next: fc.GeneratorValue;

  constructor(seed: number) {
    const [next] = fc.sample(fc.gen(), { seed, numRuns: 1 });
    if (next === undefined) throw new Error("fast-check gave no generator");
    this.next = next;
  }

  /** A whole number from 0, below another. */
  below(limit: number): number {
    return this.next(below, limit - 1);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error("There is nothing to choose from");
    return found;
  }

  /** Each with the same chance. */
  some<T>(list: readonly T[], percent: number): T[] {
    return list.filter(() => this.chance(percent));
  }
}
