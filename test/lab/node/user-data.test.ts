import assert from "node:assert/strict";
import { parseUserData, shellQuote, UserDataError } from "../../../lab/src/node/user-data";
import { execFileSync } from "node:child_process";

const installed = new Set(["iproute2", "nftables"]);
const encode = (text: string): string => Buffer.from(text).toString("base64");
const parse = (text: string) => parseUserData(encode(text), installed);
const PRIVATE_KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n";
const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBase";

function problemsOf(text: string): readonly string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof UserDataError, String(error));
    return error.problems;
  }
  assert.fail("no error");
}

describe("user data", () => {
  it("is optional", () => {
    for (const none of [undefined, "", "  \n"])
      assert.deepEqual(parseUserData(none, installed), { authorizedKeys: [], writeFiles: [] });
    assert.deepEqual(parse("#cloud-config\n"), { authorizedKeys: [], writeFiles: [] });
  });

  it("gives the host key of cloud-config's ssh_keys, also in JSON, which is YAML", () => {
    const config = { ssh_deletekeys: true, ssh_keys: { ed25519_private: PRIVATE_KEY, ed25519_public: PUBLIC_KEY } };
    assert.deepEqual(parse(`#cloud-config\n${JSON.stringify(config)}`).hostKey, {
      privateKey: PRIVATE_KEY,
      publicKey: `${PUBLIC_KEY}\n`,
    });
  });

  it("gives host name, authorized keys, files and commands", () => {
    const data = parse(`#cloud-config
hostname: blue-a0
package_update: true
packages: [nftables]
ssh_authorized_keys:
  - ${PUBLIC_KEY} me@here
write_files:
  - path: /etc/motd
    content: hello
  - {path: /opt/x, content: aGk=, encoding: b64, permissions: '0755', owner: 'admin:admin', append: true}
runcmd:
  - echo "$HOME" > /tmp/a
  - [touch, "/tmp/it's here", 7]
`);
    assert.equal(data.hostname, "blue-a0");
    assert.deepEqual(data.authorizedKeys, [`${PUBLIC_KEY} me@here`]);
    assert.deepEqual(data.writeFiles, [
      { path: "/etc/motd", content: Buffer.from("hello"), permissions: "0644", owner: "root:root", append: false },
      { path: "/opt/x", content: Buffer.from("hi"), permissions: "0755", owner: "admin:admin", append: true },
    ]);
    assert.equal(data.commands, `#!/bin/sh\necho "$HOME" > /tmp/a\n'touch' '/tmp/it'\\''s here' '7'\n`);
  });

  it("takes a script as it is", () => {
    assert.equal(parse("#!/bin/bash\nexit 3\n").commands, "#!/bin/bash\nexit 3\n");
  });

  it("names every key that it does not honour, with its line, and all at once", () => {
    const problems = problemsOf(`#cloud-config
users: [{name: eve}]
hostname: "-no-"
packages: [nftables, wireguard]
ssh_keys: {rsa_private: x, ed25519_private: ${JSON.stringify(PRIVATE_KEY)}, ed25519_public: ${PUBLIC_KEY}}
write_files:
  - {path: relative, permissions: rw, defer: true}
runcmd: [{}]
`);
    assert.deepEqual(
      problems.map((problem) => problem.replace(/(lab, which honours|is not supported by the lab;|Add it).*/, "$1")),
      [
        "line 2: users is not supported by the lab, which honours",
        "line 3: hostname is not a host name (RFC 1123).",
        'line 4: packages: the lab\'s image has no package "wireguard". Add it',
        "line 5: ssh_keys.rsa_private is not supported by the lab;",
        "line 6: write_files[0].defer is not supported by the lab, which honours",
        "line 6: write_files[0].path is not an absolute path of a file.",
        'line 6: write_files[0].permissions is not an octal string such as "0644".',
        "line 8: runcmd[0] is neither a string nor a list of strings.",
      ],
    );
  });

  it("refuses what is neither cloud-config nor a script", () => {
    assert.match(problemsOf("#include\nhttp://x")[0] ?? "", /line 1: it begins with neither/);
    assert.match(problemsOf("## template: jinja\n#cloud-config\n")[0] ?? "", /line 1: it begins with neither/);
    assert.match(problemsOf("#cloud-config\n- a\n")[0] ?? "", /not a mapping/);
    assert.throws(() => parseUserData("not base64!", installed), /not base64/);
    assert.throws(() => parseUserData(Buffer.from([0x1f, 0x8b, 8]).toString("base64"), installed), /gzip/);
  });

  it("never repeats a private key in a message", () => {
    const text = `#cloud-config\nssh_keys:\n  ed25519_private: |\n    SECRET\n  ed25519_public: ${PUBLIC_KEY}\n  other: SECRET\n\tbroken: SECRET\n`;
    for (const broken of [text, text.replace("\tbroken", "broken"), text.replace("|\n    SECRET", '"SECRET')]) {
      const message = problemsOf(broken).join("\n");
      assert.ok(message.length > 0 && !message.includes("SECRET"), message);
    }
  });

  it("quotes any word for the shell", () => {
    for (const word of ["", "a b", "it's", '$(id)`id`\\"\n*', "-n"]) {
      assert.equal(execFileSync("sh", ["-c", `printf %s ${shellQuote(word)}`], { encoding: "utf8" }), word);
    }
  });
});
