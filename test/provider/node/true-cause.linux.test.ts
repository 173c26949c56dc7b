import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { A, B, planOf } from "../../support/node-plans";
import { TestNode } from "../../support/test-node";

const TUNNEL = renderTunnel(planOf("VXLAN Always"), "VXLAN");
const OTHER_TUNNEL = renderTunnel(planOf("VXLAN Always", A, [A, B]), "VXLAN");
const ROUTES = renderRoutes(planOf("VXLAN Always"));

describe("a push that fails", function () {
  this.timeout(60_000);
  let node: TestNode;

  beforeEach(async () => {
    node = await TestNode.start(A.ip);
  });
  afterEach(() => node.remove());

  it("says that /run is full, changes nothing, and succeeds once it has room again", () => {
    assert.equal(node.install(TUNNEL).code, 0);
    node.sh("mount -o remount,size=1m /run; dd if=/dev/zero of=/run/filler bs=4k 2>/dev/null || :");
    const { code, stderr } = node.install(ROUTES);
    assert.equal(code, 4);
    assert.match(stderr, /could not write to \/run\/overlaynet: it is full/);
    assert.doesNotMatch(stderr, /not understood/);
    assert.equal(node.sh(`ip route show ${B.block}`), "");
    node.sh("rm /run/filler");
    assert.equal(node.install(ROUTES).code, 0);
    assert.match(node.sh(`ip route show ${B.block}`), /vxlan\.calico/);
  });

  it("says that /etc is mounted read-only, and not that it needs root", () => {
    assert.equal(node.install(TUNNEL).code, 0);
    node.sh("mount -o remount,ro,bind /etc");
    const { code, stderr } = node.install(ROUTES);
    assert.equal(code, 4);
    assert.match(stderr, /could not write to \/etc: it is mounted read-only/);
    // What is there can still be read.
    assert.ok(node.apply("digests").stdout.includes(`part ${TUNNEL.name} ${TUNNEL.digest}`));
  });

  it("says that it needs root to a user who is not", () => {
    const { code, stderr } = node.run(
      ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-s", "--", "apply"],
      readFileSync(node.program),
    );
    assert.equal(code, 1);
    assert.match(stderr, /needs root/);
  });

  it("says why a part's folder cannot be put in its place, and leaves the former part whole", () => {
    assert.equal(node.install(TUNNEL).code, 0);
    node.sh(`mount --bind /etc/overlaynet/parts/${TUNNEL.name} /etc/overlaynet/parts/${TUNNEL.name}`);
    const changed = node.install(OTHER_TUNNEL);
    assert.equal(changed.code, 1);
    assert.match(changed.stderr, /part tunnel-vxlan could not be put into .*, and is as it was: .*busy/);
    assert.ok(node.apply("digests").stdout.includes(`part ${TUNNEL.name} ${TUNNEL.digest}`));
    const removed = node.apply("remove-part", TUNNEL.name);
    assert.equal(removed.code, 4);
    assert.match(removed.stderr, /part tunnel-vxlan could not be removed from .*: .*busy/);
    node.sh(`umount /etc/overlaynet/parts/${TUNNEL.name}`);
    assert.equal(node.install(OTHER_TUNNEL).code, 0);
    assert.ok(node.apply("digests").stdout.includes(`part ${TUNNEL.name} ${OTHER_TUNNEL.digest}`));
  });

  it("is of the part that has the problem: another one's succeeds, and says what is wrong beside it", () => {
    node.sh(`ip route add ${B.block} via 10.1.0.1 dev ens5 onlink`);
    assert.equal(node.install(TUNNEL).code, 0);
    const own = node.install(ROUTES);
    assert.equal(own.code, 4);
    assert.match(own.stderr, /there is a route to 192\.168\.0\.64\/26 that is not ours/);
    const other = node.install(OTHER_TUNNEL);
    assert.equal(other.code, 0);
    assert.match(other.stderr, /there is a route to 192\.168\.0\.64\/26 that is not ours/);
    assert.equal(node.apply("apply").code, 4, "the repair answers for all parts");
  });
});
