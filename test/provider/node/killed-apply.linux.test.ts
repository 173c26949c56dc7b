import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { renderWorkload } from "../../../provider/src/node/workload";
import { tries } from "../../support/tries";
import { held } from "./held";
import { A, planOf } from "../../support/node-plans";
import { type Outcome, TestNode } from "../../support/test-node";

const CROSS_SUBNET = planOf("VXLAN CrossSubnet");
const ALWAYS = planOf("VXLAN Always");
const TUNNEL = renderTunnel(CROSS_SUBNET, "VXLAN");
const WEB = renderWorkload({ name: "web", pool: "pool", address: "192.168.0.5", mtu: 8951, plan: CROSS_SUBNET });
const API = renderWorkload({ name: "api", pool: "pool", address: "192.168.0.6", mtu: 8000, plan: ALWAYS });
const OTHER_VNI = renderTunnel(
  {
    ...ALWAYS,
    vxlan: { name: "vxlan.calico", vni: 4100, port: 4789, local: A.ip, address: "192.168.0.1", mac: A.mac, mtu: 8000 },
  },
  "VXLAN",
);

/** Every program that overlaynet-apply changes something with. */
const PROGRAMS = ["ip", "bridge", "nft", "mv", "rm", "install", "cp", "mkdir", "rmdir"];

/**
 * Stands before a program: counts the calls, and at the one that is asked for ends everything in its process group by
 * SIGKILL, having done the first half of a batch, the whole of anything else, or nothing.
 */
const shim = (program: string, at: number, half: boolean): string => `#!/bin/sh
echo "\${0##*/} $*" >>/usr/local/calls
[ "$(wc -l </usr/local/calls)" -eq ${at} ] || exec ${program} "$@"
case $* in
  *-batch\\ [!-]*) for file in "$@"; do :; done; head -n $((($(wc -l <"$file") + 1) / 2)) "$file" >"$file.half"; set -- -force -batch "$file.half" ;;
esac
${half ? `${program} "$@"` : ""}
kill -KILL 0
`;

interface Change {
  readonly name: string;
  readonly before: readonly Part[];
  /** The words of the runs that bring it about, one of which is killed. */
  readonly runs: readonly (
    | readonly [verb: "install", part: Part]
    | readonly [verb: "remove-part", name: string]
    | readonly [verb: "uninstall"]
    | readonly [verb: "apply"]
  )[];
  /** What somebody did by hand before. */
  readonly damage?: string;
}

const CHANGES: readonly Change[] = [
  {
    name: "the first parts",
    before: [],
    runs: [
      ["install", TUNNEL],
      ["install", renderRoutes(CROSS_SUBNET)],
      ["install", WEB],
    ],
  },
  {
    name: "another device, other routes, another workload",
    before: [TUNNEL, renderRoutes(CROSS_SUBNET), WEB],
    runs: [
      ["install", OTHER_VNI],
      ["install", renderRoutes(ALWAYS)],
      ["install", API],
      ["remove-part", "workload-web"],
    ],
  },
  {
    name: "a repair",
    before: [TUNNEL, renderRoutes(CROSS_SUBNET), WEB],
    damage:
      "ip link del vxlan.calico; nft delete table inet overlaynet; ip netns del wl-web; ip route flush proto 80; rm /etc/cni/net.d/10-overlaynet.conflist",
    runs: [["apply"]],
  },
  {
    name: "the removal of all",
    before: [TUNNEL, renderRoutes(CROSS_SUBNET), WEB],
    runs: [
      ["remove-part", "workload-web"],
      ["remove-part", "routes"],
      ["remove-part", "tunnel-vxlan"],
    ],
  },
  { name: "an uninstallation", before: [TUNNEL, renderRoutes(CROSS_SUBNET), WEB], runs: [["uninstall"]] },
];

/** What is none of ours, each where ours has something of its kind. */
const FOREIGN = `
  ip route add 198.51.100.0/24 via 10.1.0.1 dev ens5 proto static
  ip route add blackhole 192.168.200.0/24 proto 12
  ip link add foreign type vxlan id 7 local 10.1.0.10 dev ens5 dstport 4999
  ip link set foreign up
  ip address add 172.31.0.1/24 dev foreign
  bridge fdb add 66:22:22:22:22:22 dev foreign dst 10.1.0.77 self permanent
  ip neigh add 172.31.0.9 lladdr 66:22:22:22:22:22 dev foreign nud permanent
  ip netns add wl-foreign
  nft 'add table inet foreign; add chain inet foreign input { type filter hook input priority 0; policy accept; }; add rule inet foreign input udp dport 9 drop'
  echo 1 >/proc/sys/net/ipv4/ip_forward
  mkdir -p /etc/cni/net.d; echo '{}' >/etc/cni/net.d/99-foreign.conflist`;

for (const change of CHANGES) {
  describe(`overlaynet-apply killed in ${change.name}`, function () {
    this.timeout(tries(120_000));
    let node: TestNode;
    /** Shims by their places, which are found before the programs' own. */
    const shims = new Map<string, string>();

    before(async () => {
      node = await TestNode.start(A.ip);
      node.sh(FOREIGN);
      mkdirSync(join(node.dir, "local/sbin"), { recursive: true });
      for (const program of PROGRAMS)
        shims.set(join(node.dir, "local/sbin", program), node.sh(`command -v ${program}`).trim());
      mkdirSync(join(node.dir, "opt/cni/real"));
      renameSync(join(node.dir, "opt/cni/bin/ptp"), join(node.dir, "opt/cni/real/ptp"));
      shims.set(join(node.dir, "opt/cni/bin/ptp"), "/opt/cni/real/ptp");
      disarm();
    });
    after(() => node.remove());

    function arm(at: number, half: boolean): void {
      writeFileSync(join(node.dir, "local/calls"), "");
      for (const [path, program] of shims) {
        rmSync(path, { force: true });
        writeFileSync(path, shim(program, at, half), { mode: 0o755 });
      }
    }
    /** @returns the calls that were counted */
    function disarm(): string[] {
      const file = join(node.dir, "local/calls");
      const calls = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
      rmSync(file, { force: true });
      for (const [path, program] of shims) {
        rmSync(path, { force: true });
        if (program.startsWith("/opt")) symlinkSync(program, path);
      }
      return calls;
    }

    function run(words: Change["runs"][number]): Outcome {
      const apply = ["setsid", "--wait", "sh", node.program, "--from", join(node.dir, "from")];
      if (words[0] !== "install") return node.run([...apply, ...words]);
      return node.run([...apply, "install-part", words[1].name, words[1].digest, node.write(words[1])]);
    }
    function all(): void {
      for (const words of change.runs) {
        const outcome = run(words);
        assert.equal(outcome.code, 0, outcome.stderr);
      }
    }
    function begin(): void {
      assert.equal(run(["uninstall"]).code, 0);
      for (const part of change.before) assert.equal(run(["install", part]).code, 0);
      if (change.damage !== undefined) node.sh(change.damage);
    }
    const state = (): string =>
      `${held(node)}\n${node.sh("find /usr/local/lib /run/overlaynet/workloads /etc/systemd /etc/NetworkManager -type f ! -name version 2>/dev/null | sort; ls -A /etc/overlaynet/parts 2>/dev/null || true")}`;

    it("is right after the same again, and nothing foreign is touched", () => {
      begin();
      const begun = state();
      arm(-1, false);
      all();
      const count = disarm().length;
      const wanted = state();
      assert.notEqual(wanted, begun);
      assert.match(wanted, /table inet foreign/);
      const killedAt = (at: number, half: boolean): string => {
        begin();
        arm(at, half);
        // What would come after a killed run does not come.
        const ended = change.runs.find((words) => run(words).code !== 0);
        const calls = disarm();
        assert.ok(
          ended !== undefined && calls.length >= at,
          `the run was to be killed at call ${at} of ${count}, and there were ${calls.length}`,
        );
        return calls[at - 1] ?? "";
      };
      killedAt(Math.ceil(count / 2), false);
      assert.notEqual(state(), wanted);
      fc.assert(
        fc.property(fc.integer({ min: 1, max: count }), fc.boolean(), (at, half) => {
          const call = killedAt(at, half);
          const between = state();
          all();
          assert.equal(state(), wanted, `killed ${half ? "in" : "before"} ${call}; there was then:\n${between}`);
        }),
        { numRuns: tries(5), endOnFailure: true },
      );
    });
  });
}
