import * as pulumi from "@pulumi/pulumi";

/** What the SDK's class takes, beyond what its types tell: the resources that a value comes from are the first. */
type OutputClass = new (
  resources: ReadonlySet<pulumi.Resource>,
  value: Promise<unknown>,
  isKnown: Promise<boolean>,
  isSecret: Promise<boolean>,
  allResources: Promise<ReadonlySet<pulumi.Resource>>,
) => pulumi.Output<never>;

interface OutputParts {
  promise(withUnknowns: boolean): Promise<unknown>;
  readonly isKnown: Promise<boolean>;
  readonly isSecret: Promise<boolean>;
}

/**
 * A value without the resources that it comes from, known and secret as before: for inputs of a resource that waits for
 * these anyway, through another one. The engine writes the resources of each input into the state, twice and by their
 * full names, which would be a third of what a node takes there.
 */
export function covered<T>(value: pulumi.Input<T>): pulumi.Output<T> {
  const { isKnown, isSecret, ...output } = partsOf(pulumi.output(value));
  const none = new Set<pulumi.Resource>();
  return new (pulumi.Output as unknown as OutputClass)(
    none,
    output.promise,
    isKnown,
    isSecret,
    Promise.resolve(none),
  ) as pulumi.Output<T>;
}

/** Each leaf by itself, as the secret ones among them make no others secret. */
export function coveredLeaves<T extends object>(values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]: [string, unknown]) => {
      if (pulumi.Output.isInstance(value)) return [key, covered(value)];
      return [key, typeof value === "object" && value !== null ? coveredLeaves(value) : value];
    }),
  ) as T;
}

function partsOf(output: unknown): {
  promise: Promise<unknown>;
  isKnown: Promise<boolean>;
  isSecret: Promise<boolean>;
} {
  const parts = output as OutputParts;
  return { promise: parts.promise(true), isKnown: parts.isKnown, isSecret: parts.isSecret };
}
