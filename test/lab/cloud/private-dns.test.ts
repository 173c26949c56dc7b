import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { privateDns } from "../../../lab/src/cloud/private-dns";
import { CloudRecords } from "../../support/cloud-records";

const base = (outputs: Record<string, unknown> = {}): CloudRecords =>
  new CloudRecords()
    .vpc("v", "10.1.0.0/16")
    .subnet("s", "v", "10.1.1.0/24")
    .instance("a", "v", "s", "10.1.1.11", outputs);
const names = (records: CloudRecords): unknown =>
  privateDns(records.list(), readCloud(records.list()))
    .get("vpc-v")
    ?.map(({ name, reverse }) => [name, reverse]);

describe("private DNS of records", () => {
  it("has a name by address for each instance, and back", () =>
    assert.deepEqual(names(base()), [["ip-10-1-1-11.ec2.internal", true]]));

  it("has the name that the instance has first, in its region's domain", () => {
    assert.deepEqual(
      names(
        base({
          privateDns: "i-a.eu-west-1.compute.internal",
          publicDns: "ec2-203-0-113-1.eu-west-1.compute.amazonaws.com",
        }),
      ),
      [
        ["i-a.eu-west-1.compute.internal", true],
        ["ip-10-1-1-11.eu-west-1.compute.internal", false],
        ["ec2-203-0-113-1.eu-west-1.compute.amazonaws.com", false],
      ],
    );
  });

  it("has none where the VPC has no DNS support", () => {
    assert.deepEqual(names(base().update("vpc-v", { enableDnsSupport: false })), undefined);
    assert.deepEqual(names(base().update("vpc-v", { enableDnsSupport: true }).remove("i-a")), []);
  });

  it("leaves out what is no host name: it becomes a line of a file", () => {
    assert.deepEqual(names(base({ publicDns: "a b\nhost evil 10.0.0.1" })), [["ip-10-1-1-11.ec2.internal", true]]);
  });
});
