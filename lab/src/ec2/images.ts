import { derivedId } from "./ids";

/** An AMI of the lab. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: "arm64" | "x86_64";
  readonly ownerId: string;
  readonly creationDate: string;
}

/** Debian's account (wiki.debian.org/Cloud/AmazonEC2Image). */
const DEBIAN = "136693071363";

/** Releases of Debian 12's image: what the lab's own image is, so that a user, paths and packages are the same. */
const RELEASES = [
  ["20240717-1811", "2024-07-17T18:20:00.000Z"],
  ["20250316-2053", "2025-03-16T21:02:00.000Z"],
] as const;

/** The images of a region, oldest first; as on AWS, each region has ids of its own. */
export function imagesOf(region: string): Image[] {
  return RELEASES.flatMap(([release, creationDate]) =>
    (["amd64", "arm64"] as const).map((architecture): Image => {
      const name = `debian-12-${architecture}-${release}`;
      return {
        id: derivedId("ami", region, name),
        name,
        description: `Debian 12 (${release})`,
        architecture: architecture === "arm64" ? "arm64" : "x86_64",
        ownerId: DEBIAN,
        creationDate,
      };
    }),
  );
}

/** Public parameters of the Systems Manager that name an image (wiki.debian.org/Cloud/AmazonEC2Image/Bookworm). */
export function imageParameter(region: string, name: string): Image | undefined {
  const [, release, architecture] = /^\/aws\/service\/debian\/release\/(12|bookworm)\/latest\/(amd64|arm64)$/.exec(name) ?? [];
  if (release === undefined) return undefined;
  return imagesOf(region).findLast((image) => image.architecture === (architecture === "arm64" ? "arm64" : "x86_64"));
}
