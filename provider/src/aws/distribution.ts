/** What differs between the systems that nodes may have. */
export interface Distribution {
  readonly name: string;
  /** The user that the image lets in by key, and who may use sudo. */
  readonly user: string;
  /**
   * What a node needs and the cloud image lacks: filters, workloads' network interfaces (CNI plugins), and the proof
   * (captures, throughput, perl).
   */
  readonly packages: readonly string[];
}

const TOOLS = ["iperf3", "nftables", "socat", "tcpdump"] as const;
/** Tried in the lab as Debian 12 and 13. */
export const DEBIAN: Distribution = {
  name: "Debian",
  user: "admin",
  packages: ["containernetworking-plugins", ...TOOLS],
};
/** Not run. The plugins are in universe, which cloud images have (packages.ubuntu.com/containernetworking-plugins). */
const UBUNTU: Distribution = { name: "Ubuntu", user: "ubuntu", packages: DEBIAN.packages };
/**
 * Not run. Amazon packages no CNI plugins: workloads need ptp and host-local in /opt/cni/bin, and overlaynet-apply says
 * so where they are not. Perl comes in pieces, as in Fedora.
 */
const AMAZON_LINUX: Distribution = {
  name: "Amazon Linux 2023",
  user: "ec2-user",
  packages: ["iproute", ...TOOLS, "perl-IO", "perl-Socket", "perl-interpreter"],
};

/** An image as DescribeImages tells it. */
export interface ImageIdentity {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string;
}

/**
 * The distribution of an image that its makers publish themselves, by their accounts on AWS
 * (wiki.debian.org/Cloud/AmazonEC2Image; Ubuntu on AWS, "Find Ubuntu images"; Amazon Linux 2023 User Guide, "Comparing
 * AMIs"). Users are those of EC2 User Guide, "Manage system users on your Linux instance".
 * @returns undefined for everybody else's
 */
export function distributionOf({ name, ownerId }: ImageIdentity): Distribution | undefined {
  if (ownerId === "136693071363" && name.startsWith("debian-")) return DEBIAN;
  if (ownerId === "099720109477" && name.startsWith("ubuntu/")) return UBUNTU;
  if (ownerId === "137112412989" && name.startsWith("al2023-ami-")) return AMAZON_LINUX;
  return undefined;
}

/**
 * Whom to log in as on an image for which no user was named.
 * @throws RangeError for an image that is not known
 */
export function userOf(image: ImageIdentity): string {
  const distribution = distributionOf(image);
  if (distribution !== undefined) return distribution.user;
  throw new RangeError(
    `whom to log in as on ${image.id} (${image.name} of account ${image.ownerId}) is not known, as it is none of Debian's, Ubuntu's or Amazon Linux 2023's own images: name the user in ssh.user`,
  );
}
