/** The type token in `urn:pulumi:dev::net::overlaynet:index:Cluster$aws:ec2/vpc:Vpc::blue`: `aws:ec2/vpc:Vpc`. */
export function typeInUrn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** The name of the resource that a URN is of. A name may have `::` in it. */
export function nameInUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
