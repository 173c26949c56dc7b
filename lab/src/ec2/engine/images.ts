import type { Suite } from "../../state/paths";
import { derivedId } from "./ids";

/** An AMI of the lab. */
export interface Image {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: "arm64" | "x86_64";
  readonly ownerId: string;
  readonly creationDate: string;
  /** What a node's disk is made from. */
  readonly suite: Suite;
}

/** Debian's account (wiki.debian.org/Cloud/AmazonEC2Image). */
const DEBIAN = "136693071363";

/** Debian's images, oldest first: what the lab's own are made like, so that a user, paths and packages are the same. */
const RELEASES = [
  ["12", "bookworm", "20240717-1811", "2024-07-17T18:20:00.000Z"],
  ["12", "bookworm", "20250316-2053", "2025-03-16T21:02:00.000Z"],
  ["13", "trixie", "20250814-2204", "2025-08-14T22:13:00.000Z"],
] as const;

/** The images of a region, oldest first; as on AWS, each region has ids of its own. */
export function imagesOf(region: string): Image[] {
  return RELEASES.flatMap(([version, suite, release, creationDate]) =>
    (["amd64", "arm64"] as const).map((architecture): Image => {
      const name = `debian-${version}-${architecture}-${release}`;
      return {
        id: derivedId("ami", region, name),
        name,
        description: `Debian ${version} (${release})`,
        architecture: architecture === "arm64" ? "arm64" : "x86_64",
        ownerId: DEBIAN,
        creationDate,
        suite,
      };
    }),
  );
}

/**
 * Public parameters of the Systems Manager that name an image (wiki.debian.org/Cloud/AmazonEC2Image/Bookworm and
 * …/Trixie).
 */
export function imageParameter(region: string, name: string): Image | undefined {
  const [, release, architecture] =
    /^\/aws\/service\/debian\/release\/(12|bookworm|13|trixie)\/latest\/(amd64|arm64)$/.exec(name) ?? [];
  if (release === undefined) return undefined;
  const suite: Suite = release === "12" || release === "bookworm" ? "bookworm" : "trixie";
  return imagesOf(region).findLast(
    (image) => image.suite === suite && image.architecture === (architecture === "arm64" ? "arm64" : "x86_64"),
  );
}
