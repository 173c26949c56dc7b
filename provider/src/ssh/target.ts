/** Where and as whom to connect, and the host key to expect there. Only `privateKey` is secret. */
export interface SshTarget {
  readonly host: string;
  /** Default 22. */
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`; any other key is refused. */
  readonly hostKey: string;
  /** Run by /bin/sh with %h, %p and %r replaced; its stdin and stdout carry the connection. */
  readonly proxyCommand?: string;
}
