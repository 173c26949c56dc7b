import type { SshTarget } from "./target";

/** A command as root, and what goes before its input. */
export interface RootCommand {
  readonly command: string;
  readonly stdin: Buffer;
}

/** Exit code of a command that sudo did not let in with the password; that of EX_NOPERM, which nothing else here has. */
export const NOT_LET_IN = 77;

/**
 * Run by the user's sh, with the root command as its arguments and the password as the first line of its input. The
 * password is in a variable that no process inherits, and in pipes. The first sudo gets it and nothing after it, so that
 * a wrong one is one attempt, not three: each takes seconds and some systems lock the user out. Whether the second sudo
 * asks depends on how long it remembers the first, so the password goes in again and an empty line after it: what reads
 * on as root drops lines up to the empty one, and the rest is the command's.
 */
const WITH_PASSWORD =
  'unset p; IFS= read -r p; printf "%s\\n" "$p" | sudo -S -p "" sh -c : || exit ' +
  `${NOT_LET_IN}; ` +
  '{ printf "%s\\n\\n" "$p"; unset p; exec cat; } | sudo -S -p "" ' +
  'sh -c "while IFS= read -r line && [ -n \\"\\$line\\" ]; do :; done; unset line; exec \\"\\$@\\"" overlaynet "$@"';

/**
 * What runs `shell`, words for a shell that begin with `sh`, as root: by itself for root, else by sudo, with the
 * password where the target has one. No password is in an argument or an environment on the node.
 * @throws RangeError for a password that no line can hold
 */
export function asRoot({ user, sudoPassword }: SshTarget, shell: string, stdin: Buffer): RootCommand {
  if (user === "root") return { command: shell, stdin };
  if (sudoPassword === undefined) return { command: `sudo -n ${shell}`, stdin };
  if (sudoPassword === "" || /[\n\r\0]/.test(sudoPassword))
    throw new RangeError(`sudoPassword of user ${user} must be one line, and not empty`);
  return {
    command: `sh -c '${WITH_PASSWORD}' overlaynet ${shell}`,
    stdin: Buffer.concat([Buffer.from(`${sudoPassword}\n`), stdin]),
  };
}

/** What to do about a command that sudo did not let run. Empty: sudo had nothing to do with it. */
export function sudoAdvice({ user, sudoPassword }: SshTarget, code: number | undefined, stderr: string): string {
  if (user === "root") return "";
  if (sudoPassword !== undefined)
    return code === NOT_LET_IN ? `sudo does not let user ${user} in with the password in sudoPassword: check both` : "";
  return /^sudo: /m.test(stderr)
    ? `user ${user} needs sudo without a password, or its password in sudoPassword; or connect as root`
    : "";
}
