/** The type token in `urn:pulumi:dev::net::overlaynet:index:Cluster$aws:ec2/vpc:Vpc::blue`: `aws:ec2/vpc:Vpc`. */
export function typeInUrn(urn: string): string {
  return urn.split("::")[2]?.split("$").at(-1) ?? "";
}

/** `dev` and `net` of the same. */
export function stackInUrn(urn: string): { readonly stack: string; readonly project: string } {
  const [prefix = "", project = ""] = urn.split("::");
  return { stack: prefix.split(":").slice(2).join(":"), project };
}

/** The name of the resource that a URN is of. A name may have `::` in it. */
export function nameInUrn(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
