import { run } from "../state/privileged";

/**
 * Presses Ctrl-Alt-Del through User-mode Linux's management console; the image's systemd takes it for the power button.
 *
 * The protocol is one datagram of magic, version, length and command, each number 32 bits in the machine's byte order
 * (arch/um/drivers/mconsole.h). The answer is not waited for: whether the node goes down tells more.
 *
 * @param nodeDir the node's directory, holding umid/n/mconsole
 * @throws when the console is not there
 */
export async function pressCtrlAltDel(nodeDir: string): Promise<void> {
  const command = Buffer.from("cad", "latin1");
  const request = Buffer.alloc(12 + 512);
  request.writeUInt32LE(0xcafebabe, 0);
  request.writeUInt32LE(2, 4);
  request.writeUInt32LE(command.length, 8);
  command.copy(request, 12);
  // From within the directory: the path of a Unix socket has 107 characters at most.
  const script = 'cd "$1" && exec socat -u - UNIX-SENDTO:umid/n/mconsole';
  await run(["sh", "-c", script, "mconsole", nodeDir], { stdin: request });
}
