import assert from "node:assert/strict";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { A, planOf } from "../../support/node-plans";
import { TestNode } from "../../support/test-node";

const TUNNEL = renderTunnel(planOf("VXLAN Always"), "VXLAN");
const ROUTES = renderRoutes(planOf("VXLAN Always"));
/** Stands before nft: fails whatever changes something, as where the kernel has no nf_tables, or a module is missing. */
const BROKEN_NFT = `printf '#!/bin/sh\\ncase "$*" in *list*) exec /usr/sbin/nft "$@";; esac\\necho "Error: Operation not supported" >&2\\nexit 1\\n' >/usr/local/sbin/nft
  chmod 755 /usr/local/sbin/nft`;

describe("the filter", function () {
  this.timeout(60_000);
  let node: TestNode;

  beforeEach(async () => {
    node = await TestNode.start(A.ip);
    node.sh("mkdir -p /usr/local/sbin; echo 0 >/proc/sys/net/ipv4/ip_forward");
  });
  afterEach(() => node.remove());

  const isUp = (): boolean => /[<,]UP[,>]/.test(node.run(["ip", "link", "show", "dev", "vxlan.calico"]).stdout);
  const forwards = (): string => node.sh("cat /proc/sys/net/ipv4/ip_forward").trim();

  it("comes first: where it cannot be loaded there is no tunnel and no forwarding, and the push says why", () => {
    node.sh(BROKEN_NFT);
    for (const part of [TUNNEL, ROUTES]) {
      const { code, stderr } = node.install(part);
      assert.equal(code, 4);
      assert.match(stderr, /Operation not supported/);
      assert.match(stderr, /without the filter, .* no tunnel is up and nothing is forwarded/);
    }
    assert.ok(!isUp());
    assert.equal(forwards(), "0");
    // The twin: with nft both are there.
    node.sh("rm /usr/local/sbin/nft");
    assert.equal(node.apply("apply").code, 0);
    assert.ok(isUp());
    assert.equal(forwards(), "1");
  });

  it("is what a boot waits for: parts that were in force bring nothing up without it", async () => {
    for (const part of [TUNNEL, ROUTES]) assert.equal(node.install(part).code, 0);
    node.sh(BROKEN_NFT);
    await node.reboot();
    node.sh("echo 0 >/proc/sys/net/ipv4/ip_forward");
    assert.equal(node.apply("boot").code, 4);
    assert.ok(!isUp());
    assert.equal(forwards(), "0");
  });

  it("takes tunnels down when it is gone and does not come back, and up when it does", () => {
    for (const part of [TUNNEL, ROUTES]) assert.equal(node.install(part).code, 0);
    node.sh(`/usr/sbin/nft delete table inet overlaynet; ${BROKEN_NFT}`);
    assert.ok(isUp(), "the twin: nobody has looked yet");
    assert.equal(node.apply("apply").code, 4);
    assert.ok(!isUp());
    node.sh("rm /usr/local/sbin/nft");
    assert.equal(node.apply("apply").code, 0);
    assert.ok(isUp());
  });

  it("that is in force stays so when a change of it fails, and tunnels stay up", () => {
    for (const part of [TUNNEL, ROUTES]) assert.equal(node.install(part).code, 0);
    node.sh(BROKEN_NFT);
    assert.equal(node.install(renderRoutes({ ...planOf("VXLAN Always"), masqueradePools: [] })).code, 4);
    assert.ok(isUp());
  });

  it("goes last: when it is deleted, no device of ours is there any more", () => {
    for (const part of [TUNNEL, ROUTES]) assert.equal(node.install(part).code, 0);
    node.sh(`printf '#!/bin/sh\\ncase "$*" in "delete table"*) ip -o link show >/usr/local/links;; esac\\nexec /usr/sbin/nft "$@"\\n' >/usr/local/sbin/nft
      chmod 755 /usr/local/sbin/nft`);
    assert.equal(node.apply("uninstall").code, 0);
    assert.match(node.sh("cat /usr/local/links"), /ens5/);
    assert.doesNotMatch(node.sh("cat /usr/local/links"), /vxlan/);
    assert.equal(node.run(["/usr/sbin/nft", "list", "table", "inet", "overlaynet"]).code, 1);
  });
});
