import { generateKey, type KeyPair, publicKeyBlob } from "../ssh/key";
import { UNKNOWN } from "../../../wire/property-value";
import type { CustomResource } from "./custom-resource";
import type { SshKeyOutputs } from "../generated/resource-types";

/** A key pair that lives in the state alone, and stays the same for the resource's life. */
export const sshKey: CustomResource<object, SshKeyOutputs> = {
  diff: () => ({ changes: new Map() }),
  async create(_inputs, { preview }) {
    if (preview) return { id: "", outputs: { privateKey: UNKNOWN, publicKey: UNKNOWN, fingerprint: UNKNOWN } };
    const outputs = wellFormedKey();
    return { id: outputs.fingerprint, outputs };
  },
  read: async (old) => old.outputs,
  update: async (old) => old.outputs,
  delete: async () => undefined,
};

/** Bytes of an ed25519 public key on the wire: two lengths, `ssh-ed25519`, the key (RFC 8709, 4). */
const PUBLIC_KEY_BYTES = 4 + 11 + 4 + 32;

/**
 * ssh2 1.17 leaves out zeros that a public key begins with, as one in 256 does, and no one takes such a key: another is
 * drawn.
 */
export function wellFormedKey(): KeyPair {
  for (;;) {
    const key = generateKey();
    if (publicKeyBlob(key.publicKey).length === PUBLIC_KEY_BYTES) return key;
  }
}
