import * as pulumi from "@pulumi/pulumi";
import type { Problem } from "../ippool/problem";

/**
 * Ends the making of a component with all problems of its arguments, each at its property path, before anything is
 * registered. Calico's sentence comes first, so that it can be searched for; then where it stands in the text.
 *
 * @param component what is made and its name, such as `Cluster test`
 * @param source name of the file that the manifests came from
 * @throws pulumi.InputPropertiesError where there is a problem
 */
export function refuse(component: string, problems: readonly Problem[], source: string | undefined): void {
  if (problems.length === 0) return;
  const errors = problems.map(({ path, message, line, column }) => ({
    propertyPath: path,
    reason:
      line === undefined
        ? message
        : `${message} (${source ?? "line "}${source === undefined ? "" : ":"}${line}${column === undefined ? "" : `:${column}`})`,
  }));
  throw new pulumi.InputPropertiesError({ message: `${component} cannot be made from these arguments`, errors });
}
