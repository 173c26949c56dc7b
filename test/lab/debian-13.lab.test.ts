import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { QuickStart } from "./quick-start";

/** Two VPCs with a node each, on the newest Debian 13 image that a lookup finds; no user is named. */
const PROGRAM = `
import * as aws from "@pulumi/aws";
import * as overlaynet from "overlaynet";
const image = aws.ec2.getAmiOutput({ owners: ["136693071363"], mostRecent: true, filters: [{ name: "name", values: ["debian-13-amd64-*"] }] });
const cluster = new overlaynet.Cluster("test", {
  ipPools: JSON.stringify({ apiVersion: "projectcalico.org/v3", kind: "IPPool", metadata: { name: "pool" }, spec: { cidr: "192.168.0.0/16", vxlanMode: "CrossSubnet", natOutgoing: true } }),
  networks: [
    { name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
    { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
  ],
  workloadsPerNode: 1,
  imageId: image.id,
  ssh: { adminCidrBlocks: ["198.51.100.1/32"] },
});
export const { nodes, privateIps, workloads, topology, blocks, warnings, ssh, vpcIds, securityGroupIds } = cluster;
`;

describe("a cluster of a chosen image", function () {
  this.timeout(240_000);
  const quickStart = new QuickStart();
  after(async () => quickStart.remove());

  it("has Debian 13 on its nodes, is set up as the image's own user, and passes the proof", async () => {
    writeFileSync(join(quickStart.dir, "index.ts"), PROGRAM);
    const begun = await quickStart.pulumi("stack", "init", "test");
    assert.equal(begun.code, 0, begun.stderr);
    const outcome = await quickStart.steps("up");
    assert.equal(outcome.code, 0, `${outcome.stdout}\n${outcome.stderr}`);
    const { stdout } = await quickStart.overlaynet(
      "lab",
      "exec",
      "blue-a0",
      "--",
      "sh",
      "-c",
      ". /etc/os-release; echo $VERSION_CODENAME; systemctl is-active systemd-networkd NetworkManager overlaynet.timer",
    );
    assert.equal(stdout, "trixie\nactive\nactive\nactive\n");
    const { code, report } = await quickStart.verify();
    assert.deepEqual(
      report.pairs.map(({ from, to, encapsulation, verdict }) => `${from} ${to} ${encapsulation} ${verdict}`),
      ["blue-a0-w0 green-a0-w0 VXLAN passed", "green-a0-w0 blue-a0-w0 VXLAN passed"],
    );
    assert.equal(code, 0);
  });
});
