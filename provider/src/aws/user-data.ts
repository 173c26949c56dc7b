import { stringify } from "yaml";

/** EC2's limit on user data, bytes before base64 (EC2 User Guide, "Work with instance user data"). */
export const USER_DATA_LIMIT = 16384;

/** What a node needs and Debian's cloud image lacks: filters, workloads' network interfaces (CNI plugins), and the proof (captures, throughput). */
const PACKAGES = ["containernetworking-plugins", "iperf3", "nftables", "socat", "tcpdump"] as const;

export interface UserData {
  readonly hostname: string;
  /** OpenSSH private key, secret. */
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
}

/**
 * The cloud-config of a node: its name, and the host key that ssh will expect there, so that no first connection is made on trust.
 * Holds the private key: to be treated as a secret.
 * @throws RangeError beyond EC2's limit
 */
export function cloudConfig({ hostname, hostPrivateKey, hostPublicKey }: UserData): string {
  const config = {
    hostname,
    // The image's own host keys would be offered beside ours.
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: `${hostPrivateKey.trimEnd()}\n`, ed25519_public: hostPublicKey.trim() },
    package_update: true,
    packages: PACKAGES,
  };
  const text = `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
  const size = Buffer.byteLength(text);
  if (size > USER_DATA_LIMIT) throw new RangeError(`the user data of ${hostname} has ${size} bytes, and EC2 takes ${USER_DATA_LIMIT}`);
  return text;
}
