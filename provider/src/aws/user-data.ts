import { stringify } from "yaml";

/** EC2's limit on user data, bytes before base64 (EC2 User Guide, "Work with instance user data"). */
export const USER_DATA_LIMIT = 16384;

export interface UserData {
  readonly hostname: string;
  /** OpenSSH private key, secret. */
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
  /** In the names of the image's distribution. */
  readonly packages: readonly string[];
}

/**
 * The cloud-config of a node: its name, and the host key that ssh will expect there, so that no first connection is
 * made on trust. Holds the private key: to be treated as a secret.
 * @throws RangeError beyond EC2's limit
 */
export function cloudConfig({ hostname, hostPrivateKey, hostPublicKey, packages }: UserData): string {
  const config = {
    hostname,
    // The image's own host keys would be offered beside ours.
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: `${hostPrivateKey.trimEnd()}\n`, ed25519_public: hostPublicKey.trim() },
    package_update: true,
    packages,
  };
  const text = `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
  const size = Buffer.byteLength(text);
  if (size > USER_DATA_LIMIT)
    throw new RangeError(`the user data of ${hostname} has ${size} bytes, and EC2 takes ${USER_DATA_LIMIT}`);
  return text;
}
