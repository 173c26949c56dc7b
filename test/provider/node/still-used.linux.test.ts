import assert from "node:assert/strict";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { held } from "./held";
import { A, B, C, planOf } from "../../support/node-plans";
import { type Outcome, TestNode } from "../../support/test-node";

/** In the order that the resource graph has: tunnels are changed and removed before the routes that go by them. */
const TUNNEL = renderTunnel(planOf("VXLAN Always"), "VXLAN");
const ROUTES = renderRoutes(planOf("VXLAN Always"));
const NO_ROUTES_BY_TUNNEL = renderRoutes(planOf("Never"));
/** C has another tunnel address: the pool that the former one was of has gone. */
const MOVED = { ...C, vtep: "192.168.7.0" };
const WITH_MOVED = planOf("VXLAN Always", A, [A, B, MOVED]);

function ok(outcome: Outcome): string {
  assert.equal(outcome.code, 0, outcome.stderr);
  assert.equal(outcome.stderr, "");
  return outcome.stdout;
}

describe("what a route still goes by", function () {
  this.timeout(60_000);
  let node: TestNode;

  beforeEach(async () => {
    node = await TestNode.start(A.ip);
  });
  afterEach(() => node.remove());

  const install = (...parts: Part[]): void => parts.forEach((part) => void ok(node.install(part)));
  const routeTo = (block: string): string => node.sh(`ip route show ${block}`).trim();
  const neighbours = (): string => node.sh("ip neigh show dev vxlan.calico nud permanent");
  const hasDevice = (): boolean => node.run(["ip", "link", "show", "dev", "vxlan.calico"]).code === 0;
  const filter = (): string => node.sh("nft list table inet overlaynet");

  it("stays when its part is removed, with all that packets by it need, and goes with the last route", () => {
    install(TUNNEL, ROUTES);
    const before = held(node);
    ok(node.apply("remove-part", TUNNEL.name));
    assert.equal(
      held(node)
        .replaceAll(/^.*\.kept-.*\n/gm, "")
        .replaceAll(/^.*parts\/tunnel-.*\n/gm, ""),
      before.replaceAll(/^.*parts\/tunnel-.*\n/gm, ""),
    );
    assert.match(routeTo(B.block), /dev vxlan\.calico/);
    install(NO_ROUTES_BY_TUNNEL);
    assert.ok(!hasDevice());
    assert.doesNotMatch(filter(), /elements = \{ 10\.1\.0\.11 \}/);
    assert.deepEqual(node.sh("ls -A /etc/overlaynet/parts").trim().split("\n"), ["routes"]);
  });

  it("is there in no other part's push, and in no refresh", () => {
    install(TUNNEL, ROUTES);
    ok(node.apply("remove-part", TUNNEL.name));
    const said = ok(node.apply("digests"));
    assert.ok(said.includes(`part routes ${ROUTES.digest}`));
    assert.doesNotMatch(said, /tunnel-vxlan|kept|deviates/);
    assert.equal(ok(node.apply("apply")), "", "a repair has nothing to do");
  });

  it("stays over a reboot between both pushes, and goes all the same", async () => {
    install(TUNNEL, ROUTES);
    ok(node.apply("remove-part", TUNNEL.name));
    await node.reboot();
    ok(node.apply("boot"));
    assert.match(routeTo(B.block), /dev vxlan\.calico/);
    install(NO_ROUTES_BY_TUNNEL);
    assert.ok(!hasDevice());
  });

  it("is a neighbour's former tunnel address, too, when the part is another one now", () => {
    install(TUNNEL, ROUTES);
    install(renderTunnel(WITH_MOVED, "VXLAN"));
    assert.match(neighbours(), new RegExp(`${C.vtep} lladdr ${C.mac}`));
    assert.match(neighbours(), new RegExp(`${MOVED.vtep} lladdr ${C.mac}`));
    assert.match(routeTo(C.block), new RegExp(`via ${C.vtep} dev vxlan.calico`));
    install(renderRoutes(WITH_MOVED));
    assert.doesNotMatch(neighbours(), new RegExp(`${C.vtep} `));
    assert.match(routeTo(C.block), new RegExp(`via ${MOVED.vtep} dev vxlan.calico`));
  });

  it("is kept of several versions, when routes come to no push for a while", () => {
    install(TUNNEL, ROUTES);
    install(renderTunnel(WITH_MOVED, "VXLAN"));
    install(renderTunnel(planOf("VXLAN Always", A, [A, B]), "VXLAN"));
    assert.match(neighbours(), new RegExp(`${C.vtep} lladdr ${C.mac}`));
    install(renderRoutes(planOf("VXLAN Always", A, [A, B])));
    assert.doesNotMatch(neighbours(), new RegExp(C.mac));
    assert.deepEqual(node.sh("ls -A /etc/overlaynet/parts").trim().split("\n").sort(), ["routes", "tunnel-vxlan"]);
  });

  it("is nothing when no route goes by it: the part goes at once, and whole", () => {
    install(TUNNEL, NO_ROUTES_BY_TUNNEL);
    ok(node.apply("remove-part", TUNNEL.name));
    assert.ok(!hasDevice());
    assert.deepEqual(node.sh("ls -A /etc/overlaynet/parts").trim().split("\n"), ["routes"]);
  });

  it("goes with the routes when these are removed, and with the last part everything", () => {
    install(TUNNEL, ROUTES);
    ok(node.apply("remove-part", TUNNEL.name));
    ok(node.apply("remove-part", ROUTES.name));
    assert.ok(!hasDevice());
    assert.equal(node.run(["test", "-e", "/etc/overlaynet"]).code, 1);
  });
});
