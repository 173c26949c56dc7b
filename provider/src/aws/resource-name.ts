/**
 * Resources are named after what AWS compares: a subnet after its CIDR, a rule after protocol, ports and source, an
 * instance after its address. So one that a user calls otherwise is never made beside itself, and nothing is replaced
 * because something else in a list was. What a user calls it is in its Name tag.
 */

/** A CIDR as a part of a resource's name. */
export function inName(cidr: string): string {
  return cidr.replace("/", "-");
}
