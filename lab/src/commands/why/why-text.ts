import { table } from "../../../../terminal/table";
import { describeTransport } from "../../reach/packet";
import type { Answer, Told } from "./explain";

/** For people: a line per hop, then what decides. */
export function whyText({ packet, answer, notes }: Answer): string {
  return (
    [
      ...way("", packet),
      ...(answer === undefined ? [] : ["", ...way("The answer: ", answer)]),
      ...notes.map((note) => `\n${note}`),
    ].join("\n") + "\n"
  );
}

function way(title: string, { packet, verdict, code, explanation, remedies = [], hops, mtu }: Told): string[] {
  const rows = hops.map(({ kind, id, direction, text, packets }, i) => [
    String(i + 1),
    id,
    direction === undefined ? kind : `${kind} ${direction}`,
    text,
    packets === undefined ? "" : String(packets),
  ]);
  const last = hops.at(-1);
  return [
    `${title}${describeTransport(packet)} from ${packet.source} to ${packet.destination}, ${packet.length} bytes${packet.dontFragment ? ", not to be cut" : ""}`,
    table(["", "PLACE", "WHAT", "", "PACKETS"], rows, { indent: "  ", right: [0, 4] }).trimEnd(),
    ...(verdict === "delivered"
      ? [`Delivered; the way carries packets of ${mtu} bytes.`]
      : [`Dropped at ${last?.id}: ${code}: ${explanation}.`, ...remedies.map((remedy) => `  ${remedy}`)]),
  ];
}
