import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { isMap, propertyMap, type PropertyMap, type PropertyValue } from "../../../wire/property-value";
import { ACCOUNT_ID } from "../../../lab/src/ec2/engine/regions";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";

interface Recorded {
  readonly type: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

/**
 * A stack's resources in order of creation, recorded from the provider (Terraform's code 5.46 under Pulumi's bridge,
 * against moto).
 */
const recorded = JSON.parse(readFileSync(join(__dirname, "recorded-states.json"), "utf8")) as Recorded[];

/** Outputs that the lab has otherwise, and why. */
const differences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  [EC2.instance]: {
    associatePublicIpAddress: "moto says true without a public address",
    capacityReservationSpecification: "filled in by AWS, not by moto",
    cpuCoreCount: "gone in 6.0",
    cpuThreadsPerCore: "gone in 6.0",
    creditSpecification:
      "unlimited is AWS' default for T3 (EC2 User Guide, Burstable performance instances), moto says standard",
    ebsBlockDevices: "moto's root device has another name, so its disk shows up here",
    enclaveOptions: "filled in by AWS, not by moto",
    maintenanceOptions: "filled in by AWS, not by moto",
    privateDnsNameOptions: "filled in by AWS, not by moto",
    publicDns: "made of the public address",
    publicIp: "the lab's are of RFC 5737",
    rootBlockDevice: "moto's root device has another name, and the volume is gp2",
    userData: "in clear since 6.0, before a SHA-1",
  },
  [EC2.keyPair]: { fingerprint: "AWS shows a SHA-256 for ED25519 keys, moto an MD5" },
};

describe("a recorded stack made in the lab", () => {
  it("has the recorded inputs and outputs", async () => {
    const account = new Account();
    const ids = new Map<string, string>([["ami-04681a1dbd79675a5", imagesOf("us-east-1")[0]?.id ?? ""]]);
    const rename = (value: PropertyValue): PropertyValue => renamed(value, ids);
    const seen = new Set<string>();
    for (const state of recorded) {
      const type = `${state.type.split(":").at(-1)} ${state.name}`;
      const made = await account.create(state.type, state.name, propertyMap(rename(withoutDefaults(state.inputs))));
      ids.set(state.id, made.id);

      const autonamed = ["name", "keyName"].filter((key) => made.inputs[key] !== state.inputs[key]);
      assert.deepEqual(
        sorted(omit(made.inputs, autonamed)),
        sorted(omit(propertyMap(rename(state.inputs)), autonamed)),
        `inputs of ${type}`,
      );

      const known = Object.keys(differences[state.type] ?? {});
      const compared = Object.keys(state.outputs).filter((key) => !known.includes(key) && !autonamed.includes(key));
      assert.deepEqual(
        shapes(pick(made.outputs, compared)),
        shapes(pick(state.outputs, compared)),
        `outputs of ${type}`,
      );
      for (const key of known)
        if (key in state.outputs && shapes(pick(made.outputs, [key])) !== shapes(pick(state.outputs, [key])))
          seen.add(`${state.type} ${key}`);
    }
    assert.equal(recorded.length, 32);
    // A difference that is none any more has to go from the list.
    const listed = Object.entries(differences).flatMap(([type, keys]) =>
      Object.keys(keys).map((key) => `${type} ${key}`),
    );
    assert.deepEqual(
      listed.filter((difference) => !seen.has(difference)),
      [],
    );
  });

  it("does not change when nothing changed, before a refresh and after it", async () => {
    const account = new Account();
    const ids = new Map<string, string>([["ami-04681a1dbd79675a5", imagesOf("us-east-1")[0]?.id ?? ""]]);
    const made: { readonly resource: Resource; readonly given: PropertyMap }[] = [];
    for (const state of recorded) {
      const given = propertyMap(renamed(withoutDefaults(state.inputs), ids));
      const resource = await account.create(state.type, state.name, given);
      ids.set(state.id, resource.id);
      made.push({ resource, given });
    }
    for (const { resource, given } of made) {
      assert.deepEqual(account.diff(resource, given).properties, [], resource.urn);
      const now = account.refresh(resource);
      if (now === undefined) throw new Error(`${resource.urn} is gone`);
      assert.deepEqual(account.diff(now, given).properties, [], `${resource.urn} after a refresh`);
    }
  });

  it("has what 7.48 adds to it", async () => {
    const account = new Account();
    const vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    assert.equal(vpc.outputs["region"], "us-east-1");
    const subnet = await account.create(EC2.subnet, "s", { vpcId: vpc.id, cidrBlock: "10.1.0.0/24" });
    for (const key of ["ipv4IpamPoolId", "ipv4NetmaskLength", "ipv6IpamPoolId", "ipv6NetmaskLength"])
      assert.equal(subnet.outputs[key], null);
    const instance = await account.create(EC2.instance, "i", {
      ami: imagesOf("us-east-1")[0]?.id,
      instanceType: "t3.micro",
      subnetId: subnet.id,
    });
    for (const key of [
      "enablePrimaryIpv6",
      "forceDestroy",
      "placementGroupId",
      "primaryNetworkInterface",
      "secondaryNetworkInterfaces",
    ])
      assert.equal(key in instance.outputs, true, key);
  });
});

/** With the lab's ids in place of those that were recorded. */
function renamed(value: PropertyValue, ids: ReadonlyMap<string, string>): PropertyValue {
  return JSON.parse(
    [...ids].reduce((text, [from, to]) => text.replaceAll(from, to), JSON.stringify(value)),
  ) as PropertyValue;
}

/** As a program gives them. */
function withoutDefaults(inputs: PropertyMap): PropertyMap {
  const defaults = Array.isArray(inputs["__defaults"]) ? inputs["__defaults"] : [];
  const entries = Object.entries(inputs).filter(([key]) => key !== "__defaults" && !defaults.includes(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, isMap(value) && "__defaults" in value ? withoutDefaults(value) : value]),
  );
}

/** Values whose digits are everybody's own are told by their form. */
function shapes(value: PropertyValue): string {
  const text = JSON.stringify(isMap(value) ? sorted(value) : value);
  return text
    .replaceAll("123456789012", ACCOUNT_ID)
    .replaceAll(/(?<=arn:aws:ec2:us-east-1:):/g, `${ACCOUNT_ID}:`)
    .replaceAll(/\b(ami|vpc|subnet|sg|rtb|igw|pcx|sgr|eni|acl|key|vol|i|rtbassoc)-[0-9a-f]{17}/g, "$1-…")
    .replaceAll(/\bkp-[0-9a-f]{7}/g, "kp-…");
}

function sorted(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pick(map: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(keys.map((key) => [key, map[key] === undefined ? "not there" : map[key]]));
}

function omit(map: PropertyMap, keys: readonly string[]): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
