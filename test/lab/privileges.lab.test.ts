import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startNode } from "../../lab/src/node/node";
import type { NodeSpec } from "../../lab/src/node/node-spec";
import { privileged } from "../../lab/src/state/privileged";
import { renderRoutes } from "../../provider/src/node/routes";
import { renderTunnel } from "../../provider/src/node/tunnel";
import { renderWorkload } from "../../provider/src/node/workload";
import { closeConnections, pushPart, readParts, removePart } from "../../provider/src/ssh/push";
import type { SshTarget } from "../../provider/src/ssh/target";
import { A, planOf } from "../support/node-plans";
import { NodesInNamespaces } from "./node-in-namespace";

describe("a node's user", function () {
  this.timeout(90_000);
  const plan = planOf("VXLAN Always");
  const parts = [
    renderTunnel(plan, "VXLAN"),
    renderRoutes(plan),
    renderWorkload({ name: "w", pool: "pool", address: "192.168.0.5", mtu: 8951, plan }),
  ];
  let nodes: NodesInNamespaces;
  let spec: NodeSpec;
  const target = (user: string): SshTarget => ({
    host: spec.address,
    port: 22,
    user,
    privateKey: readFileSync(join(nodes.dir, "user"), "utf8"),
    hostKey: readFileSync(join(nodes.dir, "host.pub"), "utf8"),
    proxyCommand: [...privileged(["ip", "netns", "exec", spec.namespace]), "socat", "-", "TCP:%h:%p"].join(" "),
  });

  before(async () => {
    nodes = new NodesInNamespaces();
    const key = readFileSync(join(nodes.dir, "user.pub"), "utf8").trim();
    // What a cloud's image does not allow without such words.
    const rootMayLogIn = `write_files:\n  - { path: /etc/ssh/sshd_config.d/00-root.conf, content: "PermitRootLogin prohibit-password\\n" }\n  - { path: /root/.ssh/authorized_keys, permissions: "0600", content: "${key}\\n" }\n`;
    spec = await nodes.attach(0, { address: A.ip, userDataBase64: nodes.userData(rootMayLogIn) });
    await startNode(nodes.lab, spec);
  });
  after(async () => {
    closeConnections();
    await nodes.remove();
  });

  it("may be root, who needs no sudo", async () => {
    for (const part of parts) assert.notDeepEqual(await pushPart(target("root"), part, { deadlineMs: 60_000 }), []);
    await nodes.ssh(spec, "sudo mv /usr/bin/sudo /usr/bin/sudo-away");
    closeConnections();
    assert.ok([...(await readParts(target("root"))).values()].every(({ deviations }) => deviations.length === 0));
    // The other kind of user shows that sudo is gone.
    await assert.rejects(readParts(target("admin")), /sudo/);
    await nodes.ssh(spec, "mv /usr/bin/sudo-away /usr/bin/sudo", { user: "root" });
  });

  it("may be one with sudo, who finds the same", async () => {
    assert.deepEqual(await readParts(target("admin")), await readParts(target("root")));
    for (const part of parts) assert.deepEqual(await pushPart(target("admin"), part), []);
  });

  it("is told what is missing when sudo asks for a password, nothing is changed, and the password is enough", async () => {
    await nodes.ssh(spec, "sed -i s/NOPASSWD:// /etc/sudoers.d/90-admin", { user: "root" });
    closeConnections();
    await assert.rejects(
      removePart(target("admin"), "routes"),
      /user admin needs sudo without a password, or its password in sudoPassword; or connect as root/,
    );
    assert.equal((await readParts(target("root"))).size, parts.length);
    await nodes.ssh(spec, "echo 'admin:a password' | chpasswd", { user: "root" });
    const withPassword = { ...target("admin"), sudoPassword: "a password" };
    assert.deepEqual(await readParts(withPassword), await readParts(target("root")));
    for (const part of parts) assert.deepEqual(await pushPart(withPassword, part), []);
    for (const { name } of [...parts].reverse()) await removePart(target("root"), name);
    assert.deepEqual(await readParts(target("root")), new Map());
  });
});
