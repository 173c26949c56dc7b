import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newPart } from "../../../provider/src/node/digest";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { renderWorkload } from "../../../provider/src/node/workload";
import { A, B, C, planOf } from "../../support/node-plans";
import { TestNode } from "../../support/test-node";

const PLAN = planOf("VXLAN CrossSubnet");
const TUNNEL = renderTunnel(PLAN, "VXLAN");
const ROUTES = renderRoutes(PLAN);
const WEB = renderWorkload({ name: "web", pool: "pool", address: "192.168.0.5", mtu: 8951, plan: PLAN });

/** What a node does, as a check that throws an AssertionError where it does not. */
const BEHAVIOURS = {
  "a VXLAN device on another interface is made anew on the node's own": (node) => {
    install(node);
    node.sh(`ip link add other type veth peer name rehto; ip link set other up; ip link del vxlan.calico
      ip link add vxlan.calico address ${A.mac} mtu 8951 type vxlan id 4096 local ${A.ip} dev other dstport 4789 nolearning
      ip link set vxlan.calico alias overlaynet; ip address add ${A.vtep}/32 dev vxlan.calico; ip link set vxlan.calico up`);
    done(node, "apply");
    assert.match(node.sh("ip -d link show dev vxlan.calico"), / dev ens5 /);
  },
  "a VXLAN device that learns is made anew": (node) => {
    install(node);
    node.sh(`ip link del vxlan.calico
      ip link add vxlan.calico address ${A.mac} mtu 8951 type vxlan id 4096 local ${A.ip} dev ens5 dstport 4789
      ip link set vxlan.calico alias overlaynet; ip address add ${A.vtep}/32 dev vxlan.calico; ip link set vxlan.calico up`);
    done(node, "apply");
    assert.match(node.sh("ip -d link show dev vxlan.calico"), / nolearning /);
  },
  "a device whose alias only begins like ours is somebody else's": (node) => {
    node.sh(
      "ip link add vxlan.calico type vxlan id 7 dstport 4789 dev ens5; ip link set vxlan.calico alias overlaynetwork",
    );
    assert.equal(node.install(TUNNEL).code, 1);
    assert.match(node.sh("ip -d link show dev vxlan.calico"), /vxlan id 7 /);
  },
  "entries that are not permanent are nobody's": (node) => {
    install(node);
    node.sh("bridge fdb add 66:11:11:11:11:11 dev vxlan.calico dst 10.9.9.9 self static");
    assert.equal(done(node, "apply"), "");
  },
  "a route of the main table alone is ours": (node) => {
    install(node);
    node.sh("ip route add 192.168.7.0/26 via 10.1.0.99 dev ens5 proto 80 onlink table 77");
    assert.equal(done(node, "apply"), "");
    assert.notEqual(node.sh("ip route show table 77"), "");
  },
  "a route to a block that is not ours is told, and stays": (node) => {
    node.sh(`ip route add ${B.block} via 10.1.0.99 dev ens5 proto static onlink`);
    node.install(TUNNEL);
    const { code, stderr } = node.install(ROUTES);
    assert.equal(code, 4);
    assert.match(stderr, /there is a route to 192\.168\.0\.64\/26 that is not ours/);
    assert.match(node.sh(`ip route show ${B.block}`), /via 10\.1\.0\.99 /);
  },
  "what is mended is done in an order in which nothing fails first": (node) => {
    install(node);
    node.sh("ip link del vxlan.calico");
    const lines = done(node, "apply").trim().split("\n");
    assert.ok(lines.some((line) => line.startsWith("ip route add")));
    assert.deepEqual(lines, [...new Set(lines)], "what is said twice failed once");
  },
  "an address of the own block on a device of its own is a workload, whoever attached it": (node) => {
    install(node);
    node.sh(
      "ip link add theirs type veth peer name sriehts; ip link set theirs up; ip route add 192.168.0.63 dev theirs",
    );
    node.sh("ip route add 192.168.0.64 dev theirs");
    done(node, "apply");
    const table = node.sh("nft list table inet overlaynet");
    assert.match(table, /"theirs" \. 192\.168\.0\.63/);
    assert.doesNotMatch(table, /"theirs" \. 192\.168\.0\.64/);
  },
  "a number above 255 is no octet": (node) => {
    install(node);
    assert.equal(node.install(newPart("routes", [{ name: "state", content: "address 10.1.0.256\n" }])).code, 1);
    assert.equal(node.install(newPart("routes", [{ name: "state", content: "address 10.1.0.255\n" }])).code, 0);
  },
  "a part that is not what its digest says is refused, and the former one stays": (node) => {
    install(node);
    const other = renderRoutes(planOf("VXLAN Always"));
    assert.equal(node.apply("install-part", "routes", ROUTES.digest, node.write(other)).code, 1);
    assert.match(node.sh(`ip route show ${B.block}`), new RegExp(`via ${B.ip} `));
  },
  "a part that is not understood is refused, and the former one stays": (node) => {
    install(node);
    assert.equal(node.install(newPart("routes", [{ name: "state", content: "nonsense\n" }])).code, 1);
    assert.match(node.apply("digests").stdout, new RegExp(`^part routes ${ROUTES.digest}$`, "m"));
  },
  "a name is a part's or a path's, and a path is refused": (node) => {
    install(node);
    node.sh("mkdir -p /etc/overlaynet/kept");
    assert.equal(node.apply("remove-part", "../kept").code, 1);
    node.sh("test -d /etc/overlaynet/kept");
  },
  "a part that was being replaced when its run was killed is put back": (node) => {
    install(node);
    node.sh("cd /etc/overlaynet/parts && mv routes .old-routes && mkdir .new-routes");
    assert.equal(done(node, "apply"), "");
    assert.equal(node.sh("ls -A /etc/overlaynet/parts"), "routes\ntunnel-vxlan\n");
  },
  "the last part that is removed takes the program along": (node) => {
    install(node);
    done(node, "remove-part", "routes");
    node.sh("test -e /usr/local/lib/overlaynet/overlaynet-apply");
    done(node, "remove-part", "tunnel-vxlan");
    node.sh("test ! -e /usr/local/lib/overlaynet && test ! -e /etc/overlaynet");
  },
  "the program stays while what the last part made could not be undone": (node) => {
    const { code, stderr } = node.install(renderRoutes(planOf("Never")));
    assert.equal(code, 0, stderr);
    // A kernel that does not let go of the table: nft, found first here, refuses what deletes it.
    node.sh(`mkdir -p /usr/local/sbin
      printf '#!/bin/sh\\ncase "$*" in "delete table"*) exit 1 ;; esac\\nPATH=/usr/sbin:/sbin:/usr/bin:/bin exec nft "$@"\\n' >/usr/local/sbin/nft
      chmod 755 /usr/local/sbin/nft`);
    assert.equal(node.apply("remove-part", "routes").code, 4);
    node.sh("test -e /usr/local/lib/overlaynet/overlaynet-apply");
    node.sh("rm /usr/local/sbin/nft");
    done(node, "remove-part", "routes");
    node.sh("test ! -e /usr/local/lib/overlaynet");
  },
  "a program of another version is installed over the one that is there": (node) => {
    install(node);
    node.sh("echo >>/usr/local/lib/overlaynet/overlaynet.awk");
    done(node, "install-part", ROUTES.name, ROUTES.digest, node.write(ROUTES));
    node.sh("cd /usr/local/lib/overlaynet && sha256sum --quiet -c sums");
  },
  "a workload that Linux could not be given is told, and tried again": (node) => {
    install(node);
    node.sh("ip netns add wl-web");
    assert.equal(node.install(WEB).code, 4);
    node.sh("ip netns del wl-web");
    done(node, "apply");
    assert.notEqual(node.sh("ip -n wl-web -4 -o address show dev eth0"), "");
  },
  "what is in the way of the first push is refused before anything is touched": (node) => {
    node.sh("ip route add blackhole 192.168.7.0/26 proto 80");
    assert.equal(node.install(TUNNEL).code, 1);
    assert.equal(node.sh("ls -d /etc/overlaynet 2>/dev/null || true"), "");
    node.sh("ip route del blackhole 192.168.7.0/26 proto 80");
    install(node);
  },
  "a later push is not kept from its own by routes of protocol 80": (node) => {
    install(node);
    node.sh("ip route add blackhole 192.168.7.0/26 proto 80");
    assert.equal(node.install(renderTunnel(planOf("VXLAN Always", A, [A, B]), "VXLAN")).code, 0);
  },
  "a node of one owner takes nothing of another, and the owner's id decides": (node) => {
    const as = (owner: string, ...words: string[]): number | null => {
      writeFileSync(join(node.dir, "from", "owner"), `${owner}\n`);
      return node.apply(...words).code;
    };
    const push = ["install-part", ROUTES.name, ROUTES.digest, node.write(ROUTES)];
    assert.equal(as("dev/a 11111111", "install-part", TUNNEL.name, TUNNEL.digest, node.write(TUNNEL)), 0);
    assert.equal(as("dev/a 22222222", ...push), 5);
    assert.equal(as("dev/a 22222222", "remove-part", TUNNEL.name), 5);
    assert.equal(as("dev/b 11111111", ...push), 0);
    assert.equal(node.sh("cat /etc/overlaynet/owner"), "dev/b 11111111\n");
  },
  "what was learned of other nodes is forgotten with another incarnation of their link, and nothing else": (node) => {
    const of = (linkIncarnation: string): string => {
      node.sh(`for host in 11 66; do ip neigh replace 10.1.0.$host lladdr 02:00:00:00:00:11 dev ens5 nud stale; done
        ip neigh replace ${C.ip} lladdr 02:00:00:00:00:11 dev ens5 nud permanent`);
      assert.equal(node.install(renderRoutes({ ...planOf("Never"), linkIncarnation })).code, 0);
      return node.sh(`for host in ${B.ip} ${C.ip} 10.1.0.66; do ip neigh show $host dev ens5; done`);
    };
    const kept = `${C.ip} lladdr 02:00:00:00:00:11 PERMANENT \n10.1.0.66 lladdr 02:00:00:00:00:11 STALE \n`;
    assert.equal(of("one"), `${B.ip} FAILED \n${kept}`);
    assert.equal(of("one"), `${B.ip} lladdr 02:00:00:00:00:11 STALE \n${kept}`);
    assert.equal(of("two"), `${B.ip} FAILED \n${kept}`);
  },
} satisfies Record<string, (node: TestNode) => void>;

interface Mutant {
  readonly file: "overlaynet.awk" | "overlaynet-apply";
  /** Stands there once. */
  readonly words: string;
  readonly replacement: string;
  readonly noticedBy: keyof typeof BEHAVIOURS;
}

const MUTANTS: readonly Mutant[] = [
  {
    file: "overlaynet.awk",
    words: " || link_parent[name] != up",
    replacement: "",
    noticedBy: "a VXLAN device on another interface is made anew on the node's own",
  },
  {
    file: "overlaynet.awk",
    words: " || !link_nolearning[name]",
    replacement: "",
    noticedBy: "a VXLAN device that learns is made anew",
  },
  {
    file: "overlaynet.awk",
    words: "alias ~ /^overlaynet( |$)/",
    replacement: "alias ~ /^overlaynet/",
    noticedBy: "a device whose alias only begins like ours is somebody else's",
  },
  {
    file: "overlaynet.awk",
    words: " || !/ permanent/) return",
    replacement: ") return",
    noticedBy: "entries that are not permanent are nobody's",
  },
  {
    file: "overlaynet.awk",
    words: "    if (r_table != MAIN) continue\n",
    replacement: "",
    noticedBy: "a route of the main table alone is ours",
  },
  {
    file: "overlaynet.awk",
    words: "if (key in by_key) conflict[key] = seen_routes[i]",
    replacement: "",
    noticedBy: "a route to a block that is not ours is told, and stays",
  },
  {
    file: "overlaynet.awk",
    words: "size = 2 ^ (32 - half[2])",
    replacement: "size = 2 ^ (33 - half[2])",
    noticedBy: "an address of the own block on a device of its own is a workload, whoever attached it",
  },
  {
    file: "overlaynet.awk",
    words: "size = 2 ^ (32 - half[2])",
    replacement: "size = 2 ^ (31 - half[2])",
    noticedBy: "an address of the own block on a device of its own is a workload, whoever attached it",
  },
  {
    file: "overlaynet.awk",
    words: "octet[i] > 255",
    replacement: "octet[i] > 256",
    noticedBy: "a number above 255 is no octet",
  },
  {
    file: "overlaynet.awk",
    words: "octet[i] > 255",
    replacement: "octet[i] >= 255",
    noticedBy: "a number above 255 is no octet",
  },
  {
    file: "overlaynet-apply",
    words: "  batch ip links\n  batch bridge bridge\n  batch ip routes\n",
    replacement: "  batch ip routes\n  batch bridge bridge\n  batch ip links\n",
    noticedBy: "what is mended is done in an order in which nothing fails first",
  },
  {
    file: "overlaynet-apply",
    words: '  [ "$(part_digest "$new")" = "$digest" ] || refuse',
    replacement: "  true || refuse",
    noticedBy: "a part that is not what its digest says is refused, and the former one stays",
  },
  {
    file: "overlaynet-apply",
    words: '  awk -v check=1 -f "$here/overlaynet.awk" "$new/state" || refuse',
    replacement: "  true || refuse",
    noticedBy: "a part that is not understood is refused, and the former one stays",
  },
  {
    file: "overlaynet-apply",
    words: "*[!a-z0-9-]* | -*)",
    replacement: "-*)",
    noticedBy: "a name is a part's or a path's, and a path is refused",
  },
  {
    file: "overlaynet-apply",
    words: 'if [ -e "$parts/$name" ]; then rm -rf "$old"; else mv "$old" "$parts/$name"; fi',
    replacement: 'rm -rf "$old"',
    noticedBy: "a part that was being replaced when its run was killed is put back",
  },
  {
    file: "overlaynet-apply",
    words: 'has_parts() { set -- "$parts"/*; [ -d "$1" ]; }',
    replacement: "has_parts() { return 0; }",
    noticedBy: "the last part that is removed takes the program along",
  },
  {
    file: "overlaynet-apply",
    words: "has_parts || [ $code -ne 0 ] || uninstall_self",
    replacement: "[ $code -ne 0 ] || uninstall_self",
    noticedBy: "the last part that is removed takes the program along",
  },
  {
    file: "overlaynet-apply",
    words: "has_parts || [ $code -ne 0 ] || uninstall_self",
    replacement: "has_parts || uninstall_self",
    noticedBy: "the program stays while what the last part made could not be undone",
  },
  {
    file: "overlaynet-apply",
    words: '  [ -n "$version" ] && [ "$version" = "$other" ] || return 1\n  is_whole\n',
    replacement: '  [ -n "$version" ] && [ "$version" = "$other" ]\n',
    noticedBy: "a program of another version is installed over the one that is there",
  },
  {
    file: "overlaynet-apply",
    words:
      '  elif [ -e "/run/netns/wl-$1" ]; then echo "there is a network namespace wl-$1 that is not ours" >&2; return 1\n',
    replacement: "",
    noticedBy: "a workload that Linux could not be given is told, and tried again",
  },
  {
    file: "overlaynet-apply",
    words: "  (refuse_foreign) || exit\n",
    replacement: "",
    noticedBy: "what is in the way of the first push is refused before anything is touched",
  },
  {
    file: "overlaynet-apply",
    words: '  if ! has_parts && [ ! -e "$lib/files" ]; then first=1; fi\n',
    replacement: "  first=1\n",
    noticedBy: "a later push is not kept from its own by routes of protocol 80",
  },
  {
    file: "overlaynet-apply",
    words: "    lock\n    check_owner\n    # A push",
    replacement: "    lock\n    has='' asks=''\n    # A push",
    noticedBy: "a node of one owner takes nothing of another, and the owner's id decides",
  },
  {
    file: "overlaynet-apply",
    words: '"${has##* }" != "${asks##* }"',
    replacement: '"${has% *}" != "${asks% *}"',
    noticedBy: "a node of one owner takes nothing of another, and the owner's id decides",
  },
  {
    file: "overlaynet-apply",
    words: "    ready remove\n    lock\n    check_owner\n",
    replacement: "    ready remove\n    lock\n",
    noticedBy: "a node of one owner takes nothing of another, and the owner's id decides",
  },
  {
    file: "overlaynet-apply",
    words: '  echo "$1" >"$run/incarnation"\n',
    replacement: '  : >>"$run/incarnation"\n',
    noticedBy: "what was learned of other nodes is forgotten with another incarnation of their link, and nothing else",
  },
  {
    file: "overlaynet-apply",
    words: "(($3, $1) in other) && ",
    replacement: "",
    noticedBy: "what was learned of other nodes is forgotten with another incarnation of their link, and nothing else",
  },
  {
    file: "overlaynet-apply",
    words: "PERMANENT|NOARP",
    replacement: "NOARP",
    noticedBy: "what was learned of other nodes is forgotten with another incarnation of their link, and nothing else",
  },
  {
    file: "overlaynet.awk",
    words: 'if (incarnation == "" || incarnation == read_line(run "/incarnation")) return',
    replacement: 'if (incarnation == "" || read_line(run "/incarnation") != "") return',
    noticedBy: "what was learned of other nodes is forgotten with another incarnation of their link, and nothing else",
  },
];

function done(node: TestNode, ...words: string[]): string {
  const { code, stdout, stderr } = node.apply(...words);
  assert.equal(code, 0, stderr);
  return stdout;
}

function install(node: TestNode): void {
  for (const part of [TUNNEL, ROUTES]) {
    const { code, stderr } = node.install(part);
    assert.equal(code, 0, stderr);
  }
}

/**
 * A slip in the programs on the nodes, which no compiler reads and Stryker does not know, must be noticed. Each
 * behaviour holds as the programs are, and no longer with its slips.
 */
describe("slips in the program on the nodes", function () {
  this.timeout(60_000);
  let node: TestNode;
  beforeEach(async () => {
    node = await TestNode.start(A.ip);
  });
  afterEach(() => node.remove());

  for (const [behaviour, check] of Object.entries<(node: TestNode) => void>(BEHAVIOURS)) {
    it(behaviour, () => check(node));
    for (const { file, words, replacement, noticedBy } of MUTANTS)
      if (noticedBy === behaviour)
        it(`${behaviour}: noticed with "${replacement.trim()}" for "${words.trim()}"`, () => {
          node.change(file, words, replacement);
          assert.throws(() => check(node));
        });
  }

  it("are noticed by behaviours that are there, and each behaviour notices one", () => {
    assert.deepEqual([...new Set(MUTANTS.map(({ noticedBy }) => noticedBy))].sort(), Object.keys(BEHAVIOURS).sort());
  });
});
