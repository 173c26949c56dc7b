import { createHash } from "node:crypto";
import { utils } from "ssh2";

export interface KeyPair {
  /** OpenSSH format, secret. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, no comment. */
  readonly publicKey: string;
  /** `SHA256:…`. */
  readonly fingerprint: string;
}

/** A new ed25519 key pair, for a user or as a node's host key. */
export function generateKey(): KeyPair {
  let pair = utils.generateKeyPairSync("ed25519");
  // ssh2 1.17 drops a zero that the public key begins with, one key in 256, and makes a key of it that nobody can read.
  while (utils.parseKey(pair.private) instanceof Error) pair = utils.generateKeyPairSync("ed25519");
  const publicKey = pair.public.trim().split(/\s+/).slice(0, 2).join(" ");
  return { privateKey: pair.private, publicKey, fingerprint: fingerprint(publicKey) };
}

/**
 * As `ssh-keygen -l` prints it: the SHA-256 of the key's blob, base64 without padding. @throws RangeError when it is no
 * public key
 */
export function fingerprint(publicKey: string): string {
  return blobFingerprint(publicKeyBlob(publicKey));
}

export function blobFingerprint(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** What goes over the wire of `ssh-ed25519 AAAA… comment`. @throws RangeError */
export function publicKeyBlob(publicKey: string): Buffer {
  const [type, encoded = ""] = publicKey.trim().split(/\s+/);
  const blob = Buffer.from(encoded, "base64");
  const length = blob.length < 4 ? -1 : blob.readUInt32BE(0);
  if (type === undefined || blob.subarray(4, 4 + length).toString("latin1") !== type)
    throw new RangeError("a host key is not of the form `ssh-ed25519 AAAA…`");
  return blob;
}

/** `ssh-ed25519 AAAA…` of what goes over the wire. */
export function keyOfBlob(blob: Buffer): string {
  const type = blob.toString("latin1", 4, 4 + blob.readUInt32BE(0));
  return `${type} ${blob.toString("base64")}`;
}
