import { run } from "../state/privileged";

/** Seconds that the management console may take to answer; it answers at once unless the machine is busy. */
const PATIENCE = 10;

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
  // From within the directory: the path of a Unix socket has 107 characters at most.
  const script = 'cd "$1" && exec socat -u - UNIX-SENDTO:umid/n/mconsole';
  await run(["sh", "-c", script, "mconsole", nodeDir], { stdin: datagram("cad") });
}

/**
 * Gives a running node another network device: a packet socket on a port in its namespace. The guest sees it as
 * `vec<index>`, down.
 *
 * @throws when the guest still uses a former device of that index, or the console does not answer
 */
export async function addDevice(nodeDir: string, index: number, device: string): Promise<void> {
  await removeDevice(nodeDir, index);
  const answer = await ask(nodeDir, `config vec${index}:${device}`);
  if (!answer.done)
    throw new Error(
      `the node takes no device vec${index} (${answer.text}): take the former one down in it, or reboot it`,
    );
}

/** Takes a device away again. One that is up stays, without a wire. */
export async function removeDevice(nodeDir: string, index: number): Promise<void> {
  await ask(nodeDir, `remove vec${index}`);
}

/** Sends a command and reads the answer: an error number, 0 for none, a flag, a length, a text. */
async function ask(nodeDir: string, command: string): Promise<{ readonly done: boolean; readonly text: string }> {
  const script = `
    chdir $ARGV[0] or die "$ARGV[0]: $!\n";
    my $own = "umid/n/ask-$$";
    my $socket;
    socket($socket, AF_UNIX, SOCK_DGRAM, 0) && bind($socket, sockaddr_un($own)) or die "$own: $!\n";
    END { unlink $own if $own }
    local $/;
    send($socket, scalar <STDIN>, 0, sockaddr_un("umid/n/mconsole")) // die "no management console: $!\n";
    local $SIG{ALRM} = sub { die "the management console does not answer within ${PATIENCE} s\n" };
    alarm ${PATIENCE};
    defined recv($socket, my $answer, 4096, 0) or die "$!\n";
    print unpack("H*", $answer);`;
  const answer = Buffer.from(
    (await run(["perl", "-MSocket", "-e", script, nodeDir], { stdin: datagram(command) })).trim(),
    "hex",
  );
  return {
    done: answer.readUInt32LE(0) === 0,
    text: answer.subarray(12).toString("latin1").replaceAll("\0", "").trim(),
  };
}

function datagram(command: string): Buffer {
  const text = Buffer.from(command, "latin1");
  const request = Buffer.alloc(12 + 512);
  request.writeUInt32LE(0xcafebabe, 0);
  request.writeUInt32LE(2, 4);
  request.writeUInt32LE(text.length, 8);
  text.copy(request, 12);
  return request;
}
