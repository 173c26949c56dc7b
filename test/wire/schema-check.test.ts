import assert from "node:assert/strict";
import schema from "../../provider/schema.json";
import { UNKNOWN } from "../../wire/property-value";
import { checkAgainstSchema, secretLeaves } from "../../wire/schema-check";

const TUNNEL = "overlaynet:index:Tunnel";
const CONNECTION = { host: "10.1.0.4", port: 22, user: "root", privateKey: "key", hostKey: "ssh-ed25519 AAAA" };
const INPUTS = { node: "blue-a-0", instanceId: "i-1", connection: CONNECTION, encapsulation: "IPIP", plan: "" };

describe("inputs against the schema", () => {
  it("passes what has the form, and the unknown in any place", () => {
    assert.deepEqual(checkAgainstSchema(schema, TUNNEL, INPUTS), []);
    assert.deepEqual(checkAgainstSchema(schema, TUNNEL, { ...INPUTS, connection: UNKNOWN, plan: UNKNOWN }), []);
    assert.deepEqual(
      checkAgainstSchema(schema, TUNNEL, { ...INPUTS, connection: { ...CONNECTION, host: UNKNOWN } }),
      [],
    );
  });

  it("says all that is wrong at once, each at its path", () => {
    const failures = checkAgainstSchema(schema, TUNNEL, {
      ...INPUTS,
      node: 4,
      encapsulation: "GRE",
      connection: { ...CONNECTION, port: 22.5, user: undefined, hots: "x" },
    });
    assert.deepEqual(failures, [
      { property: "node", reason: "has to be a string" },
      { property: "connection.user", reason: "is missing" },
      { property: "connection.port", reason: "has to be a whole number" },
      {
        property: "connection.hots",
        reason: "is no property here: these are host, port, user, privateKey, hostKey, proxyCommand, bastion",
      },
      { property: "encapsulation", reason: "has to be one of IPIP, VXLAN" },
    ]);
  });

  it("looks into lists and maps", () => {
    const failures = checkAgainstSchema(schema, "overlaynet:index:Topology", {
      pools: [],
      nodes: [
        {
          name: "a",
          network: "n",
          subnet: "s",
          subnetCidrBlock: "10.1.0.0/24",
          availabilityZone: "z",
          region: "r",
          privateIp: "10.1.0.4",
          labels: { rack: 1 },
        },
      ],
      workloads: {},
    });
    assert.deepEqual(failures, [
      { property: "nodes[0].labels.rack", reason: "has to be a string" },
      { property: "workloads", reason: "has to be a list" },
    ]);
  });

  it("knows the secret leaves", () => {
    assert.deepEqual(secretLeaves(schema, TUNNEL), [
      ["connection", "privateKey"],
      ["connection", "bastion", "privateKey"],
    ]);
    assert.deepEqual(secretLeaves(schema, "overlaynet:index:SshKey"), [["privateKey"]]);
    assert.deepEqual(secretLeaves(schema, "overlaynet:index:Topology"), []);
  });
});
