import { createHash, createPublicKey } from "node:crypto";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import { ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2.KeyPair`: its public key is what instances let in. */
export const keyPair: ResourceType = {
  token: EC2.keyPair,
  title: "EC2 Key Pair",
  creating: (inputs) => `importing EC2 Key Pair (${textOf(inputs, "keyName") ?? textOf(inputs, "keyNamePrefix")})`,
  actions: { create: "ImportKeyPair", update: "CreateTags", delete: "DeleteKeyPair" },
  idPrefix: "key",
  fabric: false,
  autoname: { input: "keyName", unless: "keyNamePrefix" },
  inputs: {
    keyName: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "enforced",
      check: (value, name) => lengthProblem(value, name),
    },
    keyNamePrefix: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "enforced",
      check: (value, name) => lengthProblem(value, name, 255 - SUFFIX),
    },
    publicKey: {
      kind: "string",
      required: true,
      forceNew: true,
      lab: "enforced",
      canonical: (value) => String(value).trim(),
    },
    region: regionInput,
    tags: tagsInput,
  },
  computed: ["arn", "fingerprint", "keyPairId", "keyType"],
  check(inputs) {
    if (inputs["keyName"] === undefined || inputs["keyNamePrefix"] === undefined) return [];
    return [
      { path: "keyName", reason: `Conflicting configuration arguments. "key_name": conflicts with key_name_prefix` },
      {
        path: "keyNamePrefix",
        reason: `Conflicting configuration arguments. "key_name_prefix": conflicts with key_name`,
      },
    ];
  },
  create({ id, inputs, region, records }) {
    const prefix = textOf(inputs, "keyNamePrefix");
    const keyName = textOf(inputs, "keyName") ?? `${prefix}${id.slice(4)}`;
    refuseKeyName(keyName);
    const publicKey = mustText(inputs, "publicKey").trim();
    const { type, fingerprint } = readPublicKey(publicKey);
    if (records.where(EC2.keyPair, "keyName", keyName).length > 0)
      throw new ApiError("InvalidKeyPair.Duplicate", `The keypair already exists`);
    return {
      id: derivedId("key", id, keyName),
      outputs: {
        arn: ec2Arn(region, `key-pair/${keyName}`),
        fingerprint,
        keyName,
        keyNamePrefix: prefix ?? "",
        keyPairId: derivedId("key", id, keyName),
        keyType: type,
        publicKey,
      },
    };
  },
  // Its id is its name.
  idOf: (record) => mustText(record.outputs, "keyName"),
  find: (id, records) => records.where(EC2.keyPair, "keyName", id)[0],
};

/** API_ImportKeyPair: up to 255 ASCII characters. */
function refuseKeyName(name: string): void {
  if (/[^\x20-\x7e]/.test(name))
    throw new ApiError(
      "InvalidParameterValue",
      `Value (${name}) for parameter KeyName is invalid. Character sets beyond ASCII are not supported.`,
    );
  if (name.trim() !== name)
    throw new ApiError(
      "InvalidParameterValue",
      `Value (${name}) for parameter KeyName is invalid. It cannot begin or end with a blank.`,
    );
}

/** Characters that the provider appends to a prefix. */
const SUFFIX = 26;

function lengthProblem(value: unknown, name: string, most = 255): string | undefined {
  return Buffer.byteLength(String(value)) > most
    ? `expected length of ${name} to be in the range (0 - ${most}), got ${String(value)}`
    : undefined;
}

/**
 * EC2 takes ED25519 and RSA keys, and shows a SHA-256 of the blob for the one, an MD5 of the DER for the other (EC2
 * User Guide, "Fingerprint").
 */
function readPublicKey(line: string): { readonly type: "ed25519" | "rsa"; readonly fingerprint: string } {
  // A second line would be a second line of authorized_keys.
  if (/[^\x20-\x7e\t]/.test(line)) throw malformed();
  const [algorithm, base64 = ""] = line.split(/\s+/);
  const blob = Buffer.from(base64, "base64");
  const named = blob.length > 4 ? blob.subarray(4, 4 + blob.readUInt32BE(0)).toString("latin1") : "";
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || named !== algorithm) throw malformed();
  if (algorithm === "ssh-ed25519" && blob.length === 51)
    return { type: "ed25519", fingerprint: createHash("sha256").update(blob).digest("base64") };
  if (algorithm === "ssh-rsa") {
    const fields = sshFields(blob);
    const [, e, n] = fields;
    if (fields.length !== 3 || e === undefined || n === undefined) throw malformed();
    const key = createPublicKey({
      key: { kty: "RSA", e: unsigned(e).toString("base64url"), n: unsigned(n).toString("base64url") },
      format: "jwk",
    });
    const der = key.export({ type: "spki", format: "der" });
    return {
      type: "rsa",
      fingerprint: createHash("md5")
        .update(der)
        .digest("hex")
        .replaceAll(/(..)(?=.)/g, "$1:"),
    };
  }
  throw malformed();
}

function sshFields(blob: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length;) {
    const length = blob.readUInt32BE(at);
    if (at + 4 + length > blob.length) throw malformed();
    fields.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

function unsigned(field: Buffer): Buffer {
  return field[0] === 0 ? field.subarray(1) : field;
}

function malformed(): ApiError {
  return new ApiError("InvalidKeyPair.Format", "Key is not in valid OpenSSH public key format");
}

/** @throws ApiError when there is none */
export function findKeyPair(records: Records, name: string): ResourceRecord {
  const record = records.where(EC2.keyPair, "keyName", name)[0];
  if (record === undefined) throw new ApiError("InvalidKeyPair.NotFound", `The key pair '${name}' does not exist`);
  return record;
}
