import assert from "node:assert/strict";
import { faultList } from "../../../lab/src/commands/fault";
import type { FaultView } from "../../../lab/src/commands/inspect/lab-view";
import { assertFits, schemaOf, violations } from "../../support/json-schema";

describe("lab fault", () => {
  const faults: readonly FaultView[] = [
    { kind: "loss", target: "eni-a", instanceId: "i-a", direction: "egress", share: 0.025, packets: 7 },
    { kind: "cut", target: "pcx-a", direction: "ingress", share: 1 },
    { kind: "refuse-ssh", target: "eni-b", instanceId: "i-b", answer: "drop", packets: 0 },
    { kind: "drop-protocol", target: "vpc-a", protocol: 4, packets: 2 },
  ];

  it("lists each fault with the packets that it took, and the nodes that are paused", () =>
    assert.equal(
      faultList(faults, ["test-c"]),
      [
        "eni-a: 2.5 % that it sends is lost, 7 packets so far",
        "pcx-a: all from accepter to requester is lost",
        "eni-b: ssh is refused (drop), 0 packets so far",
        "vpc-a: IP protocol 4 is dropped, 2 packets so far",
        "test-c: is paused",
        "",
      ].join("\n"),
    ));

  it("says that there are none", () => assert.equal(faultList([], []), "The lab has no faults.\n"));

  it("fits docs/schema/lab-fault.schema.json, which takes a fault from that of inspect", () => {
    for (const printed of [{ faults, paused: ["test-c"] }, { faults, resumed: [] }, { faults }])
      assertFits("lab-fault.schema.json", printed);
    const schema = schemaOf("lab-fault.schema.json");
    assert.deepEqual(violations(schema, schema, { faults: [{ kind: "flood", target: "eni-a" }] }), [
      '$.faults[0].kind is "flood"',
    ]);
  });
});
