import assert from "node:assert/strict";
import { table, tableLines } from "../../terminal/table";

describe("a table of the commands", () => {
  const header = ["NAME", "N"];
  const rows = [
    ["a", "1"],
    ["longer", "200"],
  ];

  it("has columns as wide as their widest cell, and no blanks at the ends of lines", () =>
    assert.equal(table(header, rows), "NAME    N\na       1\nlonger  200\n"));

  it("is as wide as its header where the cells are shorter", () =>
    assert.equal(table(["LONG NAME", "N"], [["a", "1"]]), "LONG NAME  N\na          1\n"));

  it("has an indent, a line under the header, and columns at the right where they are asked for", () =>
    assert.equal(
      table(header, rows, { indent: "  ", underline: true, right: [1] }),
      "  NAME      N\n  ------  ---\n  a         1\n  longer  200\n",
    ));

  it("keeps no row: it takes the rows anew for the widths and for the lines", () => {
    let passes = 0;
    const counted = {
      *[Symbol.iterator]() {
        passes += 1;
        yield* rows;
      },
    };
    const lines = tableLines(header, counted);
    assert.equal(lines.next().value, "NAME    N\n");
    assert.equal(passes, 1);
    assert.deepEqual([...lines], ["a       1\n", "longer  200\n"]);
    assert.equal(passes, 2);
  });
});
