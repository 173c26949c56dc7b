import { generateKey } from "../ssh/key";
import { UNKNOWN } from "../wire/property-value";
import type { CustomResource } from "./custom-resource";
import type { SshKeyOutputs } from "./inputs";

/** A key pair that lives in the state alone, and stays the same for the resource's life. */
export const sshKey: CustomResource<object, SshKeyOutputs> = {
  diff: () => ({ changes: new Map() }),
  async create(_inputs, { preview }) {
    if (preview) return { id: "", outputs: { privateKey: UNKNOWN, publicKey: UNKNOWN, fingerprint: UNKNOWN } };
    const outputs = generateKey();
    return { id: outputs.fingerprint, outputs };
  },
  read: async (old) => old.outputs,
  update: async (old) => old.outputs,
  delete: async () => undefined,
};
