import * as pulumi from "@pulumi/pulumi";
import { isMap } from "../../../wire/property-value";

/** What the SDK's outputs are made of, beyond what its types tell. The first are the resources that a value is from. */
type OutputClass = new (
  resources: ReadonlySet<pulumi.Resource>,
  value: Promise<unknown>,
  isKnown: Promise<boolean>,
  isSecret: Promise<boolean>,
  allResources: Promise<ReadonlySet<pulumi.Resource>>,
) => object;
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
  const output = pulumi.output(value) as object as OutputParts;
  const none = new Set<pulumi.Resource>();
  const Output = pulumi.Output as object as OutputClass;
  const bare = new Output(none, output.promise(true), output.isKnown, output.isSecret, Promise.resolve(none));
  if (!pulumi.Output.isInstance<T>(bare)) throw new Error("this version of Pulumi's SDK makes outputs otherwise");
  return bare;
}

/** Each leaf by itself, as the secret ones among them make no others secret. For maps, at any depth. */
export function coveredLeaves<T extends object>(values: T): T {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]: [string, unknown]) => {
      if (pulumi.Output.isInstance(value)) return [key, covered(value)];
      return [key, isMap(value) ? coveredLeaves(value) : value];
    }),
  ) as T;
}
