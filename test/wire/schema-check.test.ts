import assert from "node:assert/strict";
import schema from "../../provider/schema.json";
import { UNKNOWN } from "../../wire/property-value";
import { checkAgainstSchema, secretLeaves } from "../../wire/schema-check";

const TUNNEL = "overlaynet:index:Tunnel";
const CONNECTION = { host: "10.1.0.4", port: 22, user: "root", privateKey: "key", hostKey: "ssh-ed25519 AAAA" };
const INPUTS = { node: "blue-a-0", incarnation: "i-1", connection: CONNECTION, encapsulation: "IPIP", topology: "" };

describe("inputs against the schema", () => {
  it("passes what has the form, and the unknown in any place", () => {
    assert.deepEqual(checkAgainstSchema(schema, TUNNEL, INPUTS), []);
    assert.deepEqual(checkAgainstSchema(schema, TUNNEL, { ...INPUTS, connection: UNKNOWN, topology: UNKNOWN }), []);
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
      { property: "node", reason: "must be a string, not 4" },
      { property: "connection.user", reason: "is missing" },
      { property: "connection.port", reason: "must be a whole number from 1 to 65535, not 22.5" },
      { property: "connection.hots", reason: "unknown key, did you mean host?" },
      { property: "encapsulation", reason: 'must be one of IPIP, VXLAN, not "GRE"' },
    ]);
  });

  it("looks into lists and maps", () => {
    const failures = checkAgainstSchema(schema, "overlaynet:index:Topology", {
      pools: [],
      hosts: [
        {
          name: "a",
          network: "n",
          subnet: "s",
          subnetCidrBlock: "10.1.0.0/24",
          availabilityZone: "z",
          region: "r",
          address: "10.1.0.4",
          labels: { rack: 1 },
        },
      ],
      workloads: {},
    });
    assert.deepEqual(failures, [
      { property: "hosts[0].labels.rack", reason: "must be a string, not 1" },
      { property: "workloads", reason: "must be a list, not an object" },
    ]);
  });

  it("holds numbers within their bounds and lists to their length", () => {
    const topology = (others: object) =>
      checkAgainstSchema(schema, "overlaynet:index:Topology", { pools: [], hosts: [], workloads: [], ...others });
    assert.deepEqual(topology({ hostMtu: 68, vxlanPort: 65535, networkMtus: [{ networks: ["a", "b"], mtu: 68 }] }), []);
    assert.deepEqual(topology({ hostMtu: 67, vxlanPort: 65536, networkMtus: [{ networks: ["a"], mtu: 65536 }] }), [
      { property: "hostMtu", reason: "must be a whole number from 68 to 65535, not 67" },
      { property: "vxlanPort", reason: "must be a whole number from 1 to 65535, not 65536" },
      { property: "networkMtus[0].networks", reason: "must be a list of 2, not a list of 1" },
      { property: "networkMtus[0].mtu", reason: "must be a whole number from 68 to 65535, not 65536" },
    ]);
  });

  it("shows no string, and nothing of what the schema calls secret", () => {
    const connection = { ...CONNECTION, privateKey: 271828, port: "TOP-SECRET" };
    const failures = checkAgainstSchema(schema, TUNNEL, { ...INPUTS, connection });
    assert.deepEqual(failures, [
      { property: "connection.port", reason: "must be a whole number from 1 to 65535, not a string" },
      { property: "connection.privateKey", reason: "must be a string, not a number" },
    ]);
  });

  it("takes the engine's own keys for nobody's, and inherited ones for unknown", () => {
    assert.deepEqual(checkAgainstSchema(schema, TUNNEL, { ...INPUTS, __defaults: ["topology"] }), []);
    assert.deepEqual(checkAgainstSchema(schema, "overlaynet:index:SshKey", { toString: "x" }), [
      { property: "toString", reason: "unknown key, there are none here" },
    ]);
  });

  it("knows the secret leaves", () => {
    assert.deepEqual(secretLeaves(schema, TUNNEL), [
      ["connection", "privateKey"],
      ["connection", "bastion", "privateKey"],
      ["connection", "sudoPassword"],
    ]);
    assert.deepEqual(secretLeaves(schema, "overlaynet:index:SshKey"), [["privateKey"]]);
    assert.deepEqual(secretLeaves(schema, "overlaynet:index:Topology"), []);
  });
});
