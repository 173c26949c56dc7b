import assert from "node:assert/strict";
import { resolvePlainScalar, type ScalarValue } from "../../../provider/src/ippool/yaml-scalar";

/** What sigs.k8s.io/yaml's YAMLToJSON made of these, run at the version that Calico 87c15906f2 uses. */
const READ_BY_GO: readonly (readonly [ScalarValue, readonly string[]])[] = [
  [true, ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]],
  [false, ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]],
  [null, ["", "~", "null", "Null", "NULL"]],
  [15, ["0o17", "017"]],
  [31, ["0x1F", "0X1F", "+0x1F"]],
  [511, ["0777", "0o777"]],
  [7, ["007", "0O7"]],
  [-15, ["-017"]],
  [3, ["0b11"]],
  [8, ["08"]],
  [1, ["0_1", "1_", "1."]],
  [10, ["1__0"]],
  [1000, ["1_000", "1e3", "1E3", "1.e3"]],
  [1.5, ["1.5", "1_.5", "1.5_0"]],
  [0.5, [".5"]],
  [5, ["5.", "+5"]],
  [-5, ["-5"]],
  [12000, ["12e03"]],
  [-200000, ["-2E+05"]],
  [18446744073709551615, ["18446744073709551615", "18446744073709551616"]],
];
const TEXT_TO_GO =
  "0b12 1:30 1:30:00 190:20:30.15 0x 0xg 0b _1 nULL tRUE yEs 2024-01-01 2024-01-01T00:00:00Z 1e400 << = . .. - + -- e1 1e 1,000 10.0.0.0/16 fd00::/112 ._5 0xffffffffffffffffff 0.5.5 12e0x 1e1.5 Never all()";

describe("plain scalars, as go-yaml reads them", () => {
  for (const [value, texts] of READ_BY_GO) {
    it(`${texts.map((text) => JSON.stringify(text)).join(", ")}: ${String(value)}`, () => {
      for (const text of texts) assert.equal(resolvePlainScalar(text), value, text);
    });
  }

  it("stay text otherwise", () => {
    for (const text of TEXT_TO_GO.split(" ")) assert.equal(resolvePlainScalar(text), text);
  });

  it("are numbers as far as Go's integers go: unsigned ones without a sign, signed ones with one", () => {
    for (const [text, value] of [
      ["0xffffffffffffffff", 2 ** 64],
      ["+0x7fffffffffffffff", 2 ** 63],
      ["-0x8000000000000000", -(2 ** 63)],
      ["-0x7fffffffffffffff", -(2 ** 63)],
    ] as const)
      assert.equal(resolvePlainScalar(text), value, text);
    for (const text of ["0x10000000000000000", "+0x8000000000000000", "-0x8000000000000001", "+0xffffffffffffffff"])
      assert.equal(resolvePlainScalar(text), text);
  });
});
