import assert from "node:assert/strict";
import type { PropertyMap } from "../../../wire/property-value";
import { Account } from "../../support/account-in-memory";

const DEBIAN = "136693071363";

describe("functions of the aws package", () => {
  const { provider } = new Account();
  const getAmi = (args: PropertyMap): PropertyMap => provider.invoke("aws:ec2/getAmi:getAmi", args);

  it("getAmi finds the newest Debian 12", () => {
    const image = getAmi({
      owners: [DEBIAN],
      mostRecent: true,
      filters: [
        { name: "name", values: ["debian-12-amd64-*"] },
        { name: "virtualization-type", values: ["hvm"] },
      ],
    });
    assert.deepEqual(
      [image["name"], image["architecture"], image["mostRecent"]],
      ["debian-12-amd64-20250316-2053", "x86_64", true],
    );
    assert.match(String(image["id"]), /^ami-[0-9a-f]{17}$/);
    assert.equal(image["id"], image["imageId"]);
  });

  it("getAmi finds Debian 13 by its name, and the newest of all is that", () => {
    const image = getAmi({
      owners: [DEBIAN],
      mostRecent: true,
      filters: [{ name: "name", values: ["debian-13-amd64-*"] }],
    });
    assert.equal(image["name"], "debian-13-amd64-20250814-2204");
    assert.equal(
      getAmi({ owners: [DEBIAN], mostRecent: true, filters: [{ name: "architecture", values: ["x86_64"] }] })["id"],
      image["id"],
    );
  });

  it("getAmi gives every region an id of its own", () => {
    const idIn = (region: string): unknown => getAmi({ region, mostRecent: true, nameRegex: "^debian-12-arm64" })["id"];
    assert.equal(idIn("us-east-1"), idIn("us-east-1"));
    assert.equal(idIn("us-east-1") === idIn("eu-central-1"), false);
  });

  it("getAmi says in AWS' words when it finds none or several", () => {
    assert.throws(
      () => getAmi({ owners: ["099720109477"] }),
      /^Error: invoking aws:ec2\/getAmi:getAmi: 1 error occurred:\n\t\* Your query returned no results\. Please change your search criteria and try again\. \(In us-east-1 the lab has debian-12-amd64-/,
    );
    assert.throws(() => getAmi({ owners: [DEBIAN], tags: { a: "b" } }), /no results/);
    assert.throws(() => getAmi({ executableUsers: ["self"] }), /no results/);
    assert.equal(getAmi({ executableUsers: ["all"], mostRecent: true })["public"], true);
    assert.throws(
      () => getAmi({ owners: [DEBIAN] }),
      /Your query returned more than one result\. Please try a more specific search criteria, or set `most_recent` attribute to true\./,
    );
  });

  it("getAmi refuses filters and arguments that it does not know", () => {
    assert.throws(
      () => getAmi({ filters: [{ name: "colour", values: ["red"] }] }),
      /does not know the filter 'colour'/,
    );
    assert.throws(() => getAmi({ uefiData: "x" }), /the lab does not model the argument uefiData/);
    assert.throws(() => getAmi({ owner: "x" }), /there is no argument owner/);
  });

  it("a filter's * and ? match, and nothing else does", () => {
    const named = (value: string): boolean => {
      try {
        return getAmi({ mostRecent: true, filters: [{ name: "name", values: [value] }] })["id"] !== undefined;
      } catch {
        return false;
      }
    };
    assert.deepEqual(
      ["debian-1?-amd64-*", "debian-12-amd64-20250316-2053", "debian-12", "debian-12.amd64-*", "*2053"].map(named),
      [true, true, false, false, true],
    );
  });

  it("getAvailabilityZones lists a region's zones", () => {
    const zones = provider.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", {
      state: "available",
      excludeNames: ["us-east-1e"],
      filters: [{ name: "opt-in-status", values: ["opt-in-not-required"] }],
    });
    assert.deepEqual(zones["names"], ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1f"]);
    assert.deepEqual(zones["zoneIds"], ["use1-az6", "use1-az1", "use1-az2", "use1-az4", "use1-az5"]);
    assert.equal(zones["id"], "us-east-1");
  });

  it("getRegion and getCallerIdentity tell that this is no real account", () => {
    assert.deepEqual(provider.invoke("aws:index/getRegion:getRegion", {}), {
      description: "US East (N. Virginia)",
      endpoint: "ec2.us-east-1.amazonaws.com",
      id: "us-east-1",
      name: "us-east-1",
      region: "us-east-1",
    });
    assert.equal(
      provider.invoke("aws:index/getRegion:getRegion", { endpoint: "ec2.eu-west-1.amazonaws.com" })["name"],
      "eu-west-1",
    );
    assert.deepEqual(provider.invoke("aws:index/getCallerIdentity:getCallerIdentity", {}), {
      accountId: "000000000000",
      arn: "arn:aws:iam::000000000000:root",
      id: "000000000000",
      userId: "000000000000",
    });
  });

  it("getParameter knows Debian's images", () => {
    const value = provider.invoke("aws:ssm/getParameter:getParameter", {
      name: "/aws/service/debian/release/12/latest/amd64",
    })["value"];
    assert.equal(value, getAmi({ mostRecent: true, filters: [{ name: "name", values: ["debian-12-amd64-*"] }] })["id"]);
    const of13 = provider.invoke("aws:ssm/getParameter:getParameter", {
      name: "/aws/service/debian/release/trixie/latest/arm64",
    })["value"];
    assert.equal(of13, getAmi({ mostRecent: true, filters: [{ name: "name", values: ["debian-13-arm64-*"] }] })["id"]);
    assert.throws(
      () => provider.invoke("aws:ssm/getParameter:getParameter", { name: "/no/such" }),
      /describing SSM parameter \(\/no\/such\): ParameterNotFound: /,
    );
  });
});
