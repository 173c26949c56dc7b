import assert from "node:assert/strict";
import { distributionOf, userOf } from "../../../provider/src/aws/distribution";

describe("distribution", () => {
  const id = "ami-0123456789abcdef0";
  const images: readonly (readonly [ownerId: string, name: string, distribution: string | undefined, user?: string])[] =
    [
      ["136693071363", "debian-12-amd64-20250316-2053", "Debian", "admin"],
      ["136693071363", "debian-13-arm64-20250814-2204", "Debian", "admin"],
      ["099720109477", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250305", "Ubuntu", "ubuntu"],
      ["137112412989", "al2023-ami-2023.6.20250303.0-kernel-6.1-x86_64", "Amazon Linux 2023", "ec2-user"],
      ["137112412989", "amzn2-ami-kernel-5.10-hvm-2.0.20250305.0-x86_64-gp2", undefined],
      ["136693071363", "somebody's", undefined],
      ["099720109477", "somebody's", undefined],
      ["123456789012", "debian-12-amd64-20250316-2053", undefined],
      ["123456789012", "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20250305", undefined],
      ["123456789012", "al2023-ami-2023.6.20250303.0-kernel-6.1-x86_64", undefined],
    ];

  it("is told by the account and the name of an image", () => {
    for (const [ownerId, name, distribution, user] of images) {
      assert.equal(distributionOf({ id, ownerId, name })?.name, distribution, name);
      if (user !== undefined) assert.equal(userOf({ id, ownerId, name }), user);
    }
  });

  it("has no user for an image of somebody else, and says what to do", () => {
    assert.throws(
      () => userOf({ id, ownerId: "123456789012", name: "mine" }),
      /^RangeError: whom to log in as on ami-0123456789abcdef0 \(mine of account 123456789012\) is not known, .*: name the user in ssh\.user$/,
    );
  });

  it("names packages as the distribution does: Amazon has no CNI plugins, and perl in pieces", () => {
    const packages = images
      .slice(0, 4)
      .map(([ownerId, name]) => distributionOf({ id, ownerId, name })?.packages.join(" "));
    const debian = "containernetworking-plugins iperf3 nftables socat tcpdump";
    assert.deepEqual(packages, [
      debian,
      debian,
      debian,
      "iproute iperf3 nftables socat tcpdump perl-IO perl-Socket perl-interpreter",
    ]);
  });
});
