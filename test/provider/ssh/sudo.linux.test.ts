import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { SshPool } from "../../../provider/src/ssh/pool";
import { closeConnections, isPartial, pushPart, readParts, removePart } from "../../../provider/src/ssh/push";
import { asRoot } from "../../../provider/src/ssh/root-shell";
import { RemoteCommandError } from "../../../provider/src/ssh/ssh-error";
import type { SshTarget } from "../../../provider/src/ssh/target";
import { A, planOf } from "../../support/node-plans";
import { TestNode } from "../../support/test-node";
import { running, SshServer } from "./ssh-server";

const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");
/** With what a shell, printf and sudo's own reading might take for something else. */
const PASSWORD = ` pa'ss"$(id) %s\\n\\ wörd\t`;
const USER = 4242;

/** The three ways of sudo: asks each time, asks once and remembers, and never asks. */
const SUDOERS = {
  "asks every time": "Defaults timestamp_timeout=0\nadmin ALL=(ALL) ALL",
  "remembers that it asked": "admin ALL=(ALL) ALL",
  "does not ask": "admin ALL=(ALL) NOPASSWD: ALL",
} as const;

/** The machine's own sudo, in a node whose users and rules are this test's. */
describe("a node's user whose sudo asks for a password", function () {
  this.timeout(60_000);
  let node: TestNode;
  let sshd: SshServer;

  before(async () => {
    node = await TestNode.start(A.ip);
    const hash = execFileSync("perl", ["-e", 'print crypt(join("", <STDIN>), "\\$6\\$salt\\$")'], {
      input: PASSWORD,
    }).toString();
    node.run(["sh", "-c", "cat >/run/hash"], hash);
    // The wrapper of tar looks, as root and in the middle of a push, at all that processes show of themselves.
    node.sh(`
      echo 'admin:x:${USER}:${USER}::/:/bin/sh' >>/etc/passwd; echo 'admin:x:${USER}:' >>/etc/group
      echo "admin:$(cat /run/hash):20000::::::" >/etc/shadow; chmod 600 /etc/shadow
      echo 'root:*:20000::::::' >>/etc/shadow
      echo '127.0.0.1 localhost '$(hostname) >/etc/hosts
      mkdir /etc/pam.d; printf 'auth required pam_unix.so\\naccount required pam_unix.so\\nsession required pam_permit.so\\n' >/etc/pam.d/sudo
      cp /etc/pam.d/sudo /etc/pam.d/other
      mkdir -p /usr/local/sbin
      printf '#!/bin/sh\\ncat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null >/run/shown\\nexec /bin/tar "$@"\\n' >/usr/local/sbin/tar
      chmod 755 /usr/local/sbin/tar`);
    sshd = new SshServer({
      answer: running((command) =>
        node.enter(["setpriv", `--reuid=${USER}`, `--regid=${USER}`, "--clear-groups", ...command]),
      ),
    });
    await sshd.listen();
  });
  after(async () => {
    closeConnections();
    await sshd.close();
    node.remove();
  });

  const target = (sudoPassword?: string): SshTarget => ({ ...sshd.target, user: "admin", sudoPassword });
  const rules = (text: string): void => {
    node.run(
      [
        "sh",
        "-c",
        "cat >/etc/sudoers.new; chmod 440 /etc/sudoers.new; mv /etc/sudoers.new /etc/sudoers; rm -rf /run/sudo",
      ],
      `Defaults !lecture, secure_path="/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"\n${text}\n`,
    );
  };

  for (const [how, text] of Object.entries(SUDOERS))
    it(`gets everything done with sudoPassword where sudo ${how}, and no process shows it`, async () => {
      rules(text);
      for (let round = 0; round < 2; round++) {
        assert.notDeepEqual(await pushPart(target(PASSWORD), TUNNEL), []);
        const shown = node.run(["cat", "/run/shown"]).stdout;
        assert.ok(shown.includes("overlaynet-push"), "the twin: it shows what does stand there");
        assert.ok(!shown.includes("wörd"));
        assert.deepEqual([...(await readParts(target(PASSWORD))).keys()], [TUNNEL.name]);
        await removePart(target(PASSWORD), TUNNEL.name);
      }
      // As verify does it: a script, and nothing before it.
      const pool = new SshPool();
      const { command, stdin } = asRoot(target(PASSWORD), "sh -s", Buffer.from("id -u\necho whole\n"));
      assert.deepEqual(await pool.run(target(PASSWORD), command, { stdin }), {
        stdout: "0\nwhole\n",
        stderr: "",
        code: 0,
      });
      pool.close();
      assert.ok(sshd.commands.every((command) => !command.includes("wörd")));
    });

  it("is asked in vain without one, and is told of the property", async () => {
    rules(SUDOERS["remembers that it asked"]);
    await assert.rejects(
      pushPart(target(), TUNNEL),
      /its password in sudoPassword.*\n {2}sudo: a password is required/,
    );
    rules(SUDOERS["does not ask"]);
    assert.deepEqual(await readParts(target()), new Map());
  });

  it("is told that a password is wrong, after one attempt, and nothing is changed or shown", async () => {
    rules(SUDOERS["remembers that it asked"]);
    const commands = sshd.commands.length;
    await assert.rejects(pushPart(target("not wörd"), TUNNEL), (error: unknown) => {
      assert.ok(error instanceof RemoteCommandError);
      assert.match(error.message, /sudo does not let user admin in with the password in sudoPassword: check both\n/);
      assert.match(error.message, /1 incorrect password attempt/);
      assert.doesNotMatch(error.message, /wörd/);
      return !isPartial(error);
    });
    assert.equal(sshd.commands.length, commands + 1);
    assert.equal(node.sh("ls -d /etc/overlaynet /run/overlaynet-push* 2>/dev/null || true"), "");
  });

  it("is told that sudo lets it do nothing, whatever the password", async () => {
    rules("root ALL=(ALL) ALL");
    await assert.rejects(pushPart(target(PASSWORD), TUNNEL), /check both\n.*admin is not in the sudoers file/s);
  });

  it("is refused a password that is no line, before anything is sent", async () => {
    const commands = sshd.commands.length;
    for (const password of ["", "a\nb", "a\0b"])
      await assert.rejects(
        pushPart(target(password), TUNNEL),
        /^RangeError: sudoPassword of user admin must be one line/,
      );
    assert.equal(sshd.commands.length, commands);
  });
});
