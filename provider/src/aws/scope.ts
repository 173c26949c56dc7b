import * as pulumi from "@pulumi/pulumi";

/**
 * What all resources of a cluster have in common: the component that they are children of, its name, and their tags.
 */
export interface Scope {
  /** The cluster's name: the first word of every resource's name and Name tag. */
  readonly name: string;
  readonly parent: pulumi.ComponentResource;
  readonly tags: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

/** The tags of one resource: the user's, and Name, which the AWS console shows. */
export function tagged(scope: Scope, name: string): pulumi.Input<Record<string, pulumi.Input<string>>> {
  return pulumi.output(scope.tags).apply((tags) => ({ ...tags, Name: name }));
}
