import assert from "node:assert/strict";
import { checkText } from "../../../lab/src/commands/check";
import { machineProblems } from "../../../lab/src/commands/check-machine";
import { assertFits } from "../../support/json-schema";

describe("what lab check prints", () => {
  const results = machineProblems({ architecture: "arm64", availableMiB: 256, freeMiB: 512 });

  it("is a line for each thing that was tried", () =>
    assert.match(checkText(results), /^MISSING {2}processor: the nodes' kernel .*\nok {7}memory\nok {7}disk\n$/));

  it("fits docs/schema/lab-check.schema.json", () => assertFits("lab-check.schema.json", results));
});
