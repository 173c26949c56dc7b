import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  consoleLog,
  consoleTail,
  destroyNode,
  listNodes,
  nodeStatus,
  rebootNode,
  startNode,
  stopNode,
} from "../../lab/src/node/node";
import type { NodeSpec } from "../../lab/src/node/node-spec";
import { run } from "../../lab/src/state/privileged";
import { NodesInNamespaces } from "./node-in-namespace";

const BOOT_ID = "cat /proc/sys/kernel/random/boot_id";

describe("a lab node", function () {
  this.timeout(90_000);
  let nodes: NodesInNamespaces;
  let spec: NodeSpec;

  before(async () => {
    nodes = new NodesInNamespaces();
    spec = await nodes.attach(0, {
      userDataBase64: nodes.userData(`hostname: blue-a0
packages: [nftables]
write_files:
  - {path: /etc/sysctl.d/90-test.conf, content: "net.ipv4.conf.all.rp_filter = 2\\n"}
runcmd:
  - [sh, -c, 'echo "ran by $(id -un)" >> /root/ran']
`),
    });
    await startNode(nodes.lab, spec);
    await nodes.untilSsh(spec);
  });
  after(() => nodes.remove());

  it("is what its user data says, on the interface and address that EC2 would give it", async () => {
    // Also waits for the commands of the user data.
    assert.equal((await nodes.ssh(spec, "systemctl is-system-running --wait")).trim(), "running");
    const link = JSON.parse(await nodes.ssh(spec, "ip -json address show dev ens5"))[0];
    assert.equal(link.mtu, 9001);
    assert.equal(link.address, spec.mac);
    const { local, prefixlen, broadcast } = link.addr_info[0];
    assert.deepEqual({ local, prefixlen, broadcast }, { local: "10.1.0.10", prefixlen: 24, broadcast: "10.1.0.255" });
    const [route] = JSON.parse(await nodes.ssh(spec, "ip -json route show default"));
    assert.deepEqual(
      [route.gateway, route.dev, route.prefsrc, route.protocol],
      ["10.1.0.1", "ens5", "10.1.0.10", "dhcp"],
    );
    assert.equal(await nodes.ssh(spec, "hostname; cat /etc/hostname"), "blue-a0\nblue-a0\n");
    assert.equal(await nodes.ssh(spec, "cat /etc/sysctl.d/90-test.conf"), "net.ipv4.conf.all.rp_filter = 2\n");
    assert.equal((await nodes.ssh(spec, "sudo cat /root/ran")).trim(), "ran by root");
  });

  it("lets in its key as admin with sudo, and nobody else", async () => {
    assert.equal((await nodes.ssh(spec, "sudo -n id -u")).trim(), "0");
    await assert.rejects(nodes.ssh(spec, "true", { user: "root" }), /Permission denied/);
    await assert.rejects(nodes.ssh(spec, "true", { identity: "other" }), /Permission denied/);
  });

  it("has the host key of its user data, so that another one is noticed", async () => {
    assert.equal(await nodes.ssh(spec, "echo in"), "in\n");
    await assert.rejects(
      nodes.ssh(spec, "echo in", { knownHosts: "wrong_hosts" }),
      /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed/,
    );
  });

  it("keeps its keys from others on this machine", () => {
    assert.equal(statSync(join(nodes.lab.nodeDir(spec.instanceId), "seed.tar")).mode & 0o077, 0);
    assert.ok(!existsSync(join(nodes.lab.nodeDir(spec.instanceId), "seed")));
    assert.ok(!consoleTail(nodes.lab, spec.instanceId, 10_000).includes("PRIVATE KEY"));
  });

  it("carries 9001 bytes and not one more", async () => {
    const ping = (payload: number): Promise<string> => nodes.ssh(spec, `ping -c 1 -W 2 -M do -s ${payload} 10.1.0.1`);
    await ping(9001 - 28);
    await assert.rejects(ping(9001 - 27));
    // The gateway's end takes more than 9001; the node does not.
    await run(["ip", "-n", spec.namespace, "link", "set", "dev", "tap0", "mtu", "9100"]);
    const probe = (payload: number): Promise<string> =>
      run([
        "ip",
        "netns",
        "exec",
        spec.namespace,
        "ping",
        "-c",
        "1",
        "-W",
        "1",
        "-M",
        "do",
        "-s",
        String(payload),
        "10.1.0.10",
      ]);
    await probe(9001 - 28);
    await run(["ip", "-n", spec.namespace, "link", "set", "dev", "tap0", "mtu", "9001"]);
  });

  it("has what an overlay's node needs of its kernel", async () => {
    await nodes.ssh(
      spec,
      `set -e
      sudo ip link add t0 type ipip local 10.1.0.10; sudo ip link delete t0
      sudo ip link add v0 type vxlan id 4096 dstport 4789 local 10.1.0.10 nolearning; sudo ip link delete v0
      sudo ip link add a0 type veth peer name b0; sudo ip link delete a0
      sudo nft add table ip t; sudo nft add chain ip t c '{ type nat hook postrouting priority 100; }'
      sudo nft add rule ip t c ip saddr 192.168.0.0/16 masquerade; sudo nft delete table ip t
      sudo ip netns add n; sudo ip netns delete n
      test -x /usr/lib/cni/ptp; test -x /usr/lib/cni/host-local
      for tool in bird tcpdump socat iperf3 conntrack; do sudo sh -c "command -v $tool"; done`,
    );
    await assert.rejects(
      nodes.ssh(spec, "sudo ip link add w0 type no-such-device"),
      /Unknown device type|not supported/,
    );
  });

  it("keeps to one processor with all its programs, also after a reboot", async () => {
    const processors = async (): Promise<Set<string | undefined>> => {
      const statuses = (await nodes.processes(spec)).flatMap((pid) => {
        // One that has ended since is none of the node's any more.
        const status = statusOf(pid);
        return status === undefined ? [] : [status];
      });
      assert.ok(statuses.length > 3, statuses.join("\n"));
      return new Set(statuses.map((status) => /^Cpus_allowed_list:\t(\d+)$/m.exec(status)?.[1]));
    };
    const before = await processors();
    assert.equal(before.size, 1);
    assert.ok(!before.has(undefined));
    const first = await nodes.ssh(spec, BOOT_ID);
    await rebootNode(nodes.lab, spec.instanceId);
    await untilBoot(first);
    assert.deepEqual(await processors(), before);
  });

  it("runs its programs under a seccomp filter, where the machine can, and traces none", async () => {
    const programs = (await nodes.processes(spec))
      .map(statusOf)
      .filter((status) => status?.startsWith("Name:\tuml-userspace\n"));
    const filtered = programs.filter((status) => /^Seccomp:\t2$/m.test(status ?? ""));
    // One that is just being made has no filter yet.
    assert.ok(filtered.length > 0, `none of ${programs.length}`);
    assert.deepEqual(
      programs.filter((status) => !/^TracerPid:\t0$/m.test(status ?? "")),
      [],
    );
  });

  it("tries no kernel module in vain when somebody logs in and becomes root", async () => {
    const asked = async (command: string): Promise<string> => {
      await nodes.ssh(
        spec,
        "sudo sh -c 'printf \"#!/bin/sh\\necho \\$* >>/run/asked\\n\" >/run/modprobe; chmod 755 /run/modprobe; : >/run/asked; sysctl -q kernel.modprobe=/run/modprobe'",
      );
      await nodes.ssh(spec, command).catch(() => undefined);
      return nodes.ssh(spec, "sudo sysctl -q kernel.modprobe=/sbin/modprobe; sudo cat /run/asked");
    };
    assert.equal(await asked("sudo true"), "");
    assert.match(await asked("sudo ip link add w0 type no-such-device"), /rtnl-link-no-such-device/);
  });

  it("reboots by itself: same disk, same address, its commands not run again", async () => {
    const first = await nodes.ssh(spec, BOOT_ID);
    const { pid } = nodeStatus(nodes.lab, spec.instanceId);
    await nodes.ssh(spec, "echo kept > kept; sudo systemctl reboot").catch(() => undefined);
    await untilBoot(first);
    assert.notEqual(nodeStatus(nodes.lab, spec.instanceId).pid, pid);
    assert.equal(await nodes.ssh(spec, "cat kept"), "kept\n");
    assert.equal((await nodes.ssh(spec, "sudo cat /root/ran")).trim(), "ran by root");
    assert.equal((await nodes.ssh(spec, "cut -d ' ' -f 1 ~/.ssh/authorized_keys | wc -l")).trim(), "1");
  });

  it("reboots from outside", async () => {
    const first = await nodes.ssh(spec, BOOT_ID);
    await nodes.ssh(spec, "echo again > kept");
    await rebootNode(nodes.lab, spec.instanceId);
    await untilBoot(first);
    assert.equal(await nodes.ssh(spec, "cat kept"), "again\n");
  });

  it("powers off by itself and stays off, until it is started with its old disk", async () => {
    await nodes.ssh(spec, "sudo systemctl poweroff").catch(() => undefined);
    await nodes.untilStopped(spec);
    assert.deepEqual(await nodes.processes(spec), []);
    await startNode(nodes.lab, spec);
    assert.equal(await nodes.untilSsh(spec, "cat kept"), "again\n");
  });

  it("is shut down, not torn off, by stopNode", async () => {
    await nodes.ssh(
      spec,
      "sudo systemd-run --quiet --unit witness -p 'ExecStop=/bin/sh -c \"echo bye > /home/admin/kept\"' -p RemainAfterExit=yes true",
    );
    await stopNode(nodes.lab, spec.instanceId);
    assert.deepEqual(nodeStatus(nodes.lab, spec.instanceId), { state: "stopped" });
    assert.deepEqual(await nodes.processes(spec), []);
    await startNode(nodes.lab, spec);
    assert.equal(await nodes.untilSsh(spec, "cat kept"), "bye\n");
  });

  it("is not started twice", async () => {
    const before = nodeStatus(nodes.lab, spec.instanceId);
    await startNode(nodes.lab, spec);
    assert.deepEqual(nodeStatus(nodes.lab, spec.instanceId), before);
  });

  it("tells its boots on the console's log", () => {
    assert.match(consoleTail(nodes.lab, spec.instanceId, 1000), /Reached target .*Multi-User System/);
    assert.equal(consoleTail(nodes.lab, spec.instanceId, 3).split("\n").length, 3);
    assert.ok(existsSync(consoleLog(nodes.lab, spec.instanceId)));
  });

  it("leaves no process and no file when destroyed", async () => {
    assert.ok((await nodes.processes(spec)).length > 0);
    await destroyNode(nodes.lab, spec.instanceId);
    assert.deepEqual(await nodes.processes(spec), []);
    assert.deepEqual(nodeStatus(nodes.lab, spec.instanceId), { state: "absent" });
    assert.deepEqual(listNodes(nodes.lab), []);
    await destroyNode(nodes.lab, spec.instanceId);
  });

  it("makes its own host key when it is given none, and shows the fingerprint on the console", async () => {
    const other = await nodes.attach(1, { userDataBase64: "", memoryMiB: 160 });
    await startNode(nodes.lab, other);
    const shown = await nodes.untilSsh(other, "sudo ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub", {
      knownHosts: "learned_hosts",
      learn: true,
    });
    assert.ok(consoleTail(nodes.lab, other.instanceId, 200).includes(shown.trim()), shown);
    await assert.rejects(nodes.ssh(other, "true"), /Host key verification failed|HAS CHANGED/);
  });

  it("is not begun when something is missing or not honoured", async () => {
    const good = await nodes.attach(2);
    const cases: [Partial<NodeSpec>, RegExp][] = [
      [{ tap: "tap9" }, /there is no tap tap9 in namespace/],
      [{ namespace: "lab-none" }, /there is no tap tap0 in namespace lab-none/],
      [{ mtu: 9002 }, /mtu 9002 is not 576 to 9001/],
      [
        { userDataBase64: Buffer.from("#cloud-config\nntp: {}\n").toString("base64") },
        /line 2: ntp is not supported by the lab/,
      ],
      [
        { userDataBase64: Buffer.from("#cloud-config\npackages: [nginx]\n").toString("base64") },
        /the lab's image has no package "nginx"/,
      ],
    ];
    for (const [more, message] of cases) {
      await assert.rejects(startNode(nodes.lab, { ...good, ...more }), message);
      assert.deepEqual(nodeStatus(nodes.lab, good.instanceId), { state: "absent" });
    }
  });

  async function untilBoot(first: string): Promise<void> {
    for (let id = first; id === first;) id = await nodes.untilSsh(spec, BOOT_ID);
  }
});

/** What the kernel says of a process; undefined when it has ended. */
function statusOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch (error) {
    // The file was not there any more, or its process was gone when it was read.
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}
