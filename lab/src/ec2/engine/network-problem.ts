import { formatCidr, networkOf } from "../../cloud/cidr";

/** A check's verdict on a CIDR that has to be a network, as the provider words it for subnets and routes. */
export function networkProblem(text: string): string | undefined {
  const range = networkOf(text);
  if (range === undefined) return `"${text}" is not a valid IPv4 CIDR block: invalid CIDR address: ${text}`;
  const network = formatCidr(range);
  return network === text ? undefined : `"${text}" is not a valid IPv4 CIDR block; did you mean "${network}"?`;
}
