import type { Pair } from "./pair";

/**
 * The shell lines that a node runs for verify. Every word comes from an Inventory, whose names and addresses are of a
 * checked form; the run's id is ours. Read by `sh -s` as root.
 */
/** Longer than any sane round; whatever verify leaves behind when it is killed ends itself after it. */
export const LIFETIME_SECONDS = 180;
export const PROBE_SECONDS = 3;

export const PROBE_KINDS = ["icmp", "tcp", "udp", "mtu", "over"] as const;
export type ProbeKind = (typeof PROBE_KINDS)[number];

/** At which port, for TCP and UDP, each workload's namespace answers. */
export type Ports = ReadonlyMap<string, number>;

/** What one probe printed: `ok` with the sender's address as the receiver saw it (tcp, udp), or why not. */
export interface ProbeResult {
  readonly pair: number;
  readonly kind: ProbeKind;
  readonly ok: boolean;
  readonly text: string;
}

const dir = (run: string): string => `/run/overlaynet-verify-${run}`;

/**
 * Starts the answering side in each workload's namespace and the capture at the node's own interface; returns when both
 * stand, and prints a line `NAMESPACE PORT` for each. In immediate mode, as tcpdump leaves up to a second of packets
 * unread in the kernel otherwise when it is ended.
 */
export function startScript(run: string, privateIp: string, namespaces: readonly string[], probe: string): string {
  return `set -eu
umask 077
mkdir ${dir(run)}
cd ${dir(run)}
cat > probe <<'OVERLAYNET_PROBE'
${probe.trimEnd()}
OVERLAYNET_PROBE
interface=$(ip -o -4 addr show to ${privateIp}/32 | awk '{ print $2; exit }')
[ -n "$interface" ] || { echo "no interface has ${privateIp}" >&2; exit 1; }
command -v tcpdump >/dev/null || { echo "tcpdump is not installed on this node: apt-get install tcpdump" >&2; exit 1; }
serve() { served=$(ip netns exec "$1" perl probe serve ${LIFETIME_SECONDS}); echo "\${served% *}" >> pids; echo "$1 \${served#* }"; }
${namespaces.map((ns) => `serve ${ns}`).join("\n")}
timeout ${LIFETIME_SECONDS} tcpdump -i "$interface" --immediate-mode -U -n -s 200 -w capture 'ip and not tcp port 22' </dev/null >/dev/null 2>tcpdump.log &
echo $! > tcpdump.pid
tries=0
until grep -q 'listening on' tcpdump.log; do
  tries=$((tries + 1))
  if [ $tries -gt 100 ] || ! kill -0 "$(cat tcpdump.pid)"; then cat tcpdump.log >&2; exit 1; fi
  sleep 0.1
done
`;
}

/** Reads what startScript printed. */
export function readPorts(text: string): Ports {
  return new Map([...text.matchAll(/^(\S+) (\d+)$/gm)].map(([, namespace = "", port]) => [namespace, Number(port)]));
}

/** Sends every probe of the pairs at once and prints a line `PAIR KIND ok|fail TEXT` for each. */
export function probeScript(
  run: string,
  pairs: readonly { readonly index: number; readonly pair: Pair; readonly port: number }[],
): string {
  return `set -u
cd ${dir(run)}
${pairs.map(({ index, pair, port }) => `ip netns exec ${pair.from.namespace} perl probe pair ${index} ${pair.to.address} ${port} ${pair.mtu} ${PROBE_SECONDS} &`).join("\n")}
wait
`;
}

/** Ends what startScript began and prints the capture, base64. */
export function stopScript(run: string): string {
  return `set -u
cd ${dir(run)} 2>/dev/null || exit 0
pid=$(cat tcpdump.pid 2>/dev/null || true)
if [ -n "$pid" ]; then
  kill -INT "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 50 ]; do tries=$((tries + 1)); sleep 0.1; done
fi
for server in $(cat pids 2>/dev/null); do kill "$server" 2>/dev/null; done
base64 -w0 capture 2>/dev/null
cd /
rm -rf ${dir(run)}
`;
}

/**
 * Reads what probeScript printed; a line of another form is passed over, a probe without a line shows as missing in the
 * verdict.
 */
export function readResults(text: string): readonly ProbeResult[] {
  const results: ProbeResult[] = [];
  for (const line of text.split("\n")) {
    const match = /^(\d+) (icmp|tcp|udp|mtu|over) (ok|fail)(?: (.*))?$/.exec(line.trimEnd());
    const kind = PROBE_KINDS.find((k) => k === match?.[2]);
    if (match && kind)
      results.push({ pair: Number(match[1]), kind, ok: match[3] === "ok", text: (match[4] ?? "").trim() });
  }
  return results;
}
