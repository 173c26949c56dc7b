import assert from "node:assert/strict";
import { nameInUrn, typeInUrn } from "../../wire/urn";

describe("URNs", () => {
  it("tell the type of the resource itself, not of its parents", () => {
    assert.equal(typeInUrn("urn:pulumi:dev::net::overlaynet:index:Cluster$aws:ec2/vpc:Vpc::blue"), "aws:ec2/vpc:Vpc");
    assert.equal(typeInUrn("urn:pulumi:dev::net::aws:ec2/vpc:Vpc::blue"), "aws:ec2/vpc:Vpc");
    assert.equal(typeInUrn("no URN"), "");
  });

  it("tell the name, which may have colons in it", () => {
    assert.equal(nameInUrn("urn:pulumi:dev::net::aws:ec2/vpc:Vpc::blue"), "blue");
    assert.equal(nameInUrn("urn:pulumi:dev::net::aws:ec2/vpc:Vpc::a::b"), "a::b");
    assert.equal(nameInUrn("no URN"), "");
  });
});
