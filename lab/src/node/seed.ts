import { nodeSpecProblems, type NodeSpec } from "./node-spec";
import { parseUserData, shellQuote } from "./user-data";

/** A file of the seed disk, which the image's /usr/lib/overlaynet-lab/seed reads at boot. */
export interface SeedFile {
  readonly name: string;
  readonly content: string | Buffer;
}

/**
 * What a node is told at boot: its address, names and keys, and the user data's files and commands.
 *
 * @param installed names of the image's Debian packages
 * @throws Error naming every field of the spec that is wrong; UserDataError for user data that the lab does not honour
 */
export function seedFiles(spec: NodeSpec, installed: ReadonlySet<string>): SeedFile[] {
  const problems = nodeSpecProblems(spec);
  if (problems.length > 0) throw new Error(`${spec.instanceId}: ${problems.join("; ")}`);
  const data = parseUserData(spec.userDataBase64, installed);
  const meta = {
    address: spec.address,
    prefix: spec.prefixLen,
    gateway: spec.gateway,
    mtu: spec.mtu,
    hostname: data.hostname ?? spec.hostname,
  };
  const files: SeedFile[] = [
    {
      name: "meta",
      content: Object.entries(meta)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(""),
    },
    {
      name: "authorized_keys",
      content: [...spec.authorizedKeys.map((key) => key.trim()), ...data.authorizedKeys]
        .map((key) => `${key}\n`)
        .join(""),
    },
  ];
  if (data.hostKey) {
    files.push({ name: "ssh_host_ed25519_key", content: data.hostKey.privateKey });
    files.push({ name: "ssh_host_ed25519_key.pub", content: data.hostKey.publicKey });
  }
  const script = data.writeFiles.map((file, i) => {
    const path = shellQuote(file.path);
    const source = `/run/lab-seed/write-file-${i}`;
    return `mkdir -p "$(dirname ${path})"\ncat ${source} ${file.append ? ">>" : ">"}${path}\nchown ${file.owner} ${path}\nchmod ${file.permissions} ${path}\n`;
  });
  // Keys and files are on the disk before the mark that they are: a power cut would leave them empty, and sshd without
  // a host key.
  files.push({ name: "write-files", content: `${script.join("")}sync\n` });
  files.push(...data.writeFiles.map((file, i) => ({ name: `write-file-${i}`, content: file.content })));
  if (data.commands !== undefined) files.push({ name: "commands", content: data.commands });
  return files;
}
