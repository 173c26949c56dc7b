/**
 * Where and as whom to connect, with the host key to expect there, and the host on the way, as OpenSSH's ProxyJump.
 * Only private keys and the password for sudo are secret.
 */
export type { Bastion as SshBastion, Connection as SshTarget } from "../generated/resource-types";
