import assert from "node:assert/strict";
import { kindInWords, mustBe, oneOf, unknownKey, valueInWords, wholeNumber } from "../../wire/input-words";

describe("words about input", () => {
  it("say what a value must be, and what it is", () => {
    assert.equal(mustBe(wholeNumber(1, 65535), valueInWords(0)), "must be a whole number from 1 to 65535, not 0");
    assert.equal(mustBe(wholeNumber(0), valueInWords(-1)), "must be a whole number from 0, not -1");
    assert.equal(mustBe(wholeNumber(), valueInWords("7")), 'must be a whole number, not "7"');
    assert.equal(mustBe(oneOf(["A", "B"]), valueInWords(true)), "must be one of A, B, not true");
    assert.deepEqual([undefined, null, [], {}].map(valueInWords), ["nothing", "nothing", "a list", "an object"]);
  });

  it("cut long strings", () => {
    assert.equal(valueInWords("x".repeat(60)), JSON.stringify("x".repeat(60)));
    assert.equal(valueInWords("x".repeat(61)), `${JSON.stringify("x".repeat(60))}…`);
  });

  it("say of a secret what it is, and not more", () => {
    assert.deepEqual(["key", 7, false, null, ["key"], { key: 1 }].map(kindInWords), [
      "a string",
      "a number",
      "true or false",
      "nothing",
      "a list",
      "an object",
    ]);
  });

  it("guess the key that was meant from letters, their case, or a part of it", () => {
    const known = ["name", "cidrBlock", "subnets", "natGateway", "vxlanPort", "publicIp"];
    const meant = (key: string): string => unknownKey(key, known);
    assert.equal(meant("natGatway"), "unknown key, did you mean natGateway?");
    assert.equal(meant("NATGATEWAY"), "unknown key, did you mean natGateway?");
    assert.equal(meant("publicIP"), "unknown key, did you mean publicIp?");
    assert.equal(meant("port"), "unknown key, did you mean vxlanPort?");
    assert.equal(meant("cidr"), "unknown key, did you mean cidrBlock?");
    assert.equal(meant("nmae"), "unknown key, did you mean name?");
  });

  it("take the nearest of several keys, the first of equally near ones", () => {
    assert.equal(unknownKey("hosts", ["ghost", "host"]), "unknown key, did you mean host?");
    assert.equal(unknownKey("mode", ["modem", "model"]), "unknown key, did you mean modem?");
  });

  it("name all keys where none is near", () => {
    assert.equal(unknownKey("colour", ["name", "port"]), "unknown key, the known ones are name, port");
    assert.equal(unknownKey("ip", ["description"]), "unknown key, the known ones are description");
    assert.equal(unknownKey("x", []), "unknown key, there are none here");
  });
});
