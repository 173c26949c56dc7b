/** Where and as whom to connect, and the host key to expect there. Only private keys are secret. */
export interface SshTarget {
  readonly host: string;
  /** Default 22. */
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`; any other key is refused. */
  readonly hostKey: string;
  /**
   * Run by /bin/sh with %h, %p and %r replaced; its stdin and stdout carry the connection. With a bastion, that to the
   * bastion.
   */
  readonly proxyCommand?: string;
  /** The host that makes the connection to the target. */
  readonly bastion?: SshBastion;
}

/** A host that is logged in to on the way to others, as OpenSSH's ProxyJump. */
export interface SshBastion {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string;
}
