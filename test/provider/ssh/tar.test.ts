import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { tar, TAR_END, type TarEntry } from "../../../provider/src/ssh/tar";

const ENTRIES: readonly TarEntry[] = [
  { path: "node/apply", content: "#!/bin/sh\n", executable: true },
  { path: "node/empty", content: "" },
  { path: "part/state", content: Buffer.alloc(512, "x") },
  { path: `part/${"a".repeat(95)}`, content: "one hundred bytes" },
  { path: `part/${"b".repeat(120)}/${"c".repeat(90)}`, content: "more, in two parts" },
];

function listed(archive: Buffer): string[] {
  const lines = execFileSync("tar", ["--full-time", "--utc", "-tvf", "-"], { input: archive }).toString().split("\n");
  return lines.filter((line) => line !== "").map((line) => line.replace(/ +/g, " "));
}

describe("an archive", () => {
  it("holds files of root, without times, that tar lists and reads back", () => {
    const archive = Buffer.concat([tar(ENTRIES), TAR_END]);
    assert.deepEqual(listed(archive), [
      "-rwxr-xr-x 0/0 10 1970-01-01 00:00:00 node/apply",
      "-rw-r--r-- 0/0 0 1970-01-01 00:00:00 node/empty",
      "-rw-r--r-- 0/0 512 1970-01-01 00:00:00 part/state",
      `-rw-r--r-- 0/0 17 1970-01-01 00:00:00 part/${"a".repeat(95)}`,
      `-rw-r--r-- 0/0 18 1970-01-01 00:00:00 part/${"b".repeat(120)}/${"c".repeat(90)}`,
    ]);
    for (const { path, content } of ENTRIES)
      assert.equal(execFileSync("tar", ["-xOf", "-", path], { input: archive }).toString(), content.toString());
  });

  it("has the same bytes for the same files", () => {
    assert.ok(tar(ENTRIES).equals(tar(ENTRIES.map((entry) => ({ ...entry })))));
  });

  it("may be made in pieces", () => {
    const pieces = ENTRIES.map((entry) => tar([entry]));
    assert.ok(Buffer.concat(pieces).equals(tar(ENTRIES)));
  });

  it("takes no path that its headers have no room for", () => {
    for (const path of ["a".repeat(101), `${"a/".repeat(200)}b`, "grün"])
      assert.throws(() => tar([{ path, content: "" }]), {
        name: "RangeError",
        message: /does not fit into a tar header/,
      });
  });
});
