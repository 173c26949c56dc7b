import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const image = resolve(__dirname, "../../lab/image");

describe("lab/image/build", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "lab-image-"));
    cpSync(image, join(dir, "project/lab/image"), { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const build = (...args: string[]): { code: number | null; out: string } => {
    const env = { PATH: process.env["PATH"] ?? "", HOME: dir, OVERLAYNET_CACHE: join(dir, "cache") };
    const { status, stdout } = spawnSync(join(dir, "project/lab/image/build"), args, { env, encoding: "utf8" });
    return { code: status, out: stdout.trim() };
  };

  it("keys the image by what it is made from: contents, modes, and the kernel's parts", () => {
    const paths = [build("--path").out];
    const changes = [
      () => appendFileSync(join(dir, "project/lab/image/packages"), "nano\n"),
      () => chmodSync(join(dir, "project/lab/image/files/etc/sudoers.d/90-admin"), 0o755),
      () => appendFileSync(join(dir, "project/lab/image/kernel/config"), "CONFIG_WIREGUARD=m\n"),
    ];
    for (const change of changes) {
      change();
      paths.push(build("--path").out);
    }
    assert.equal(new Set(paths).size, 4, paths.join(" "));
    for (const path of paths) assert.match(path, new RegExp(`^${join(dir, "cache")}/lab-image/[0-9a-f]{16}$`));
    assert.equal(build("--path").out, paths[3]);
  });

  it("keys a system's image by its own parts and not by another's", () => {
    const paths = (): string[] => [build("--path").out, build("--path", "trixie").out];
    const [bookworm, trixie] = paths();
    assert.notEqual(bookworm, trixie);
    assert.equal(build("--path", "bookworm").out, bookworm);
    appendFileSync(join(dir, "project/lab/image/systems/trixie/packages"), "nano\n");
    const [same, other] = paths();
    assert.equal(same, bookworm);
    assert.notEqual(other, trixie);
  });

  it("keeps the kernel when only the disk changes", () => {
    const kernel = (): string =>
      spawnSync(join(dir, "project/lab/image/kernel/build"), ["--path"], {
        env: { ...process.env, OVERLAYNET_CACHE: dir },
        encoding: "utf8",
      }).stdout;
    const before = kernel();
    appendFileSync(join(dir, "project/lab/image/packages"), "nano\n");
    assert.equal(kernel(), before);
    appendFileSync(join(dir, "project/lab/image/kernel/config"), "CONFIG_WIREGUARD=m\n");
    assert.notEqual(kernel(), before);
  });

  it("is there when it is whole and linked, and only then", () => {
    const path = build("--path").out;
    assert.equal(build("--check").code, 1);
    mkdirSync(path, { recursive: true });
    mkdirSync(join(dir, "project/.overlaynet"));
    symlinkSync(path, join(dir, "project/.overlaynet/image"));
    assert.equal(build("--check").code, 1, "a folder without a disk");
    writeFileSync(join(path, "base.img"), "");
    assert.equal(build("--check").code, 0);
    assert.deepEqual(build(), { code: 0, out: path });
    rmSync(join(dir, "project/.overlaynet/image"));
    assert.equal(build("--check").code, 1, "not linked");
    assert.deepEqual(build(), { code: 0, out: path }, "another checkout's image is linked, not made again");
    assert.equal(build("--check").code, 0);
    assert.equal(build("--check", "trixie").code, 1, "one of two systems");
    const other = build("--path", "trixie").out;
    mkdirSync(other);
    writeFileSync(join(other, "base.img"), "");
    assert.deepEqual(build("trixie"), { code: 0, out: other });
    assert.deepEqual([build("--check").code, build("--check", "trixie").code], [0, 0]);
  });

  it("refuses a cache that is no absolute path, and arguments that it does not know", () => {
    const { status, stderr } = spawnSync(join(dir, "project/lab/image/build"), ["--path"], {
      env: { ...process.env, OVERLAYNET_CACHE: "here" },
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.match(stderr, /OVERLAYNET_CACHE is "here"; make it an absolute path/);
    assert.equal(build("--force").code, 1);
    assert.equal(build("--path", "sid").code, 1);
  });
});
