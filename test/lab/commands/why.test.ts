import assert from "node:assert/strict";
import type { LabNode } from "../../../lab/src/commands/find-node";
import { explain } from "../../../lab/src/commands/why/explain";
import { questionOf, type WhyOptions } from "../../../lab/src/commands/why/question";
import { counted } from "../../../lab/src/commands/why/why";
import { whyText } from "../../../lab/src/commands/why/why-text";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { explanations } from "../../../lab/src/reach/reason";
import { assertFits, schemaOf } from "../../support/json-schema";
import { CloudRecords } from "../../support/cloud-records";

const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
const ip = { a1: "10.1.1.11", a2: "10.1.1.12", b1: "10.2.1.11" };

const two = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .vpc("b", "10.2.0.0/16")
    .subnet("b1", "b", "10.2.1.0/24")
    .peering("ab", "a", "b")
    .internetGateway("a", "a")
    .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
    .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .instance("a1", "a", "a1", ip.a1, { publicIp: "203.0.113.11" })
    .instance("a2", "a", "a1", ip.a2)
    .instance("b1", "b", "b1", ip.b1)
    .ingress("b1-in", "b1", everything);

const node = (name: "a1" | "a2" | "b1", publicIp = "", state: LabNode["state"] = "running"): LabNode => ({
  name,
  id: `i-${name}`,
  privateIp: ip[name],
  publicIp,
  vpc: "v",
  availabilityZone: "us-east-1a",
  state,
  namespace: `eni-${name}`,
});
const nodes = [node("a1", "203.0.113.11"), node("a2"), node("b1", "", "stopped")];

const ask = (from: string, to: string, options: WhyOptions = {}, records = two()): ReturnType<typeof questionOf> =>
  questionOf(readCloud(records.list()), nodes, from, to, options);
const answer = (from: string, to: string, options: WhyOptions = {}, records = two()): ReturnType<typeof explain> =>
  explain(readCloud(records.list()), ask(from, to, options, records));

describe("lab why", () => {
  describe("asks for a packet", () => {
    const asked: readonly (readonly [string, string, WhyOptions, Record<string, unknown>])[] = [
      [
        "a1",
        "b1",
        {},
        {
          source: ip.a1,
          destination: ip.b1,
          protocol: 1,
          icmp: { type: 8, code: 0, identifier: 1 },
          length: 84,
          dontFragment: false,
        },
      ],
      [
        "i-a1",
        ip.b1,
        { port: "22" },
        {
          source: ip.a1,
          destination: ip.b1,
          protocol: 6,
          ports: { source: 32768, destination: 22 },
          length: 60,
          dontFragment: false,
        },
      ],
      [
        "a1",
        "b1",
        { protocol: "4", size: "9001" },
        { source: ip.a1, destination: ip.b1, protocol: 4, length: 9001, dontFragment: true },
      ],
      [
        "internet",
        "a1",
        { protocol: "UDP", port: "53" },
        {
          source: "198.51.100.1",
          destination: "203.0.113.11",
          protocol: 17,
          ports: { source: 32768, destination: 53 },
          length: 60,
          dontFragment: false,
        },
      ],
      [
        "a1",
        "internet",
        { protocol: "17", port: "53" },
        {
          source: ip.a1,
          destination: "198.51.100.1",
          protocol: 17,
          ports: { source: 32768, destination: 53 },
          length: 60,
          dontFragment: false,
        },
      ],
      [
        "a1",
        "a2",
        { protocol: "4", source: "192.168.0.1", destination: "192.168.2.1" },
        { source: "192.168.0.1", destination: "192.168.2.1", protocol: 4, length: 84, dontFragment: false },
      ],
      [
        "b1",
        "192.0.2.1",
        { protocol: "4" },
        { source: ip.b1, destination: "192.0.2.1", protocol: 4, length: 84, dontFragment: false },
      ],
    ];
    for (const [from, to, options, packet] of asked)
      it(`from ${from} to ${to} with ${JSON.stringify(options)}`, () =>
        assert.deepEqual({ ...ask(from, to, options).packet }, packet));

    it("that goes to a neighbour itself when it is for what is behind it, and to the router otherwise", () => {
      assert.deepEqual(ask("a1", "a2", { destination: "192.168.2.1" }).origin, { instanceId: "i-a1", nextHop: ip.a2 });
      assert.deepEqual(ask("a1", "b1", { destination: "192.168.2.1" }).origin, { instanceId: "i-a1" });
    });
  });

  const refused: readonly (readonly [string, string, WhyOptions, RegExp])[] = [
    ["a9", "b1", {}, /no node "a9"\. There are: a1, a2, b1/],
    ["192.0.2.1", "b1", {}, /no node "192\.0\.2\.1"/],
    ["a1", "a1", {}, /the same node/],
    ["internet", "internet", {}, /Both ends are the internet/],
    ["internet", "b1", {}, /b1 has no public address/],
    ["a1", "b1", { protocol: "tcp" }, /tcp needs --port/],
    ["a1", "b1", { protocol: "4", port: "1" }, /--port means nothing for --protocol 4/],
    ["a1", "b1", { protocol: "ipip" }, /--protocol is tcp, udp, icmp or a number from 0 to 255, not "ipip"/],
    ["a1", "b1", { protocol: "256" }, /not "256"/],
    ["a1", "b1", { port: "65536" }, /--port is a whole number from 0 to 65535, not "65536"/],
    ["a1", "b1", { source: "10.0.0.1/32" }, /--source is an IPv4 address/],
    ["a1", "b1", { size: "1e3" }, /--size is a whole number/],
  ];
  for (const [from, to, options, message] of refused)
    it(`refuses from ${from} to ${to} with ${JSON.stringify(options)}`, () =>
      assert.throws(() => ask(from, to, options), message));

  it("tells all problems at once", () =>
    assert.throws(
      () => ask("a9", "b9", { protocol: "tcp", source: "x" }),
      /a9[\s\S]*b9[\s\S]*--source[\s\S]*needs --port/,
    ));

  it("tells the way there and back", () => {
    const { packet, answer: back, reached, notes } = answer("a1", "b1", { port: "22" });
    assert.deepEqual([packet.verdict, back?.verdict, reached], ["delivered", "delivered", true]);
    assert.equal(back?.hops.filter(({ text }) => text.includes("tracked")).length, 2);
    assert.deepEqual(notes, ["b1 is stopped."]);
  });

  it("is not satisfied with a way there alone", () => {
    const { packet, answer: back, reached } = answer("a1", "b1", { port: "22" }, two().remove("r-rtb-b-10-1-0-0-16"));
    assert.deepEqual(
      [packet.verdict, back?.verdict, back?.code, reached],
      ["delivered", "dropped", "NO_ROUTE_TO_DESTINATION", false],
    );
  });

  it("says that protocol 4 passes for a while although no rule lets it in, and that UDP does not", () => {
    assert.ok(
      answer("b1", "a1", { protocol: "4" }).notes.some((note) =>
        /does pass for 600 s after each packet that 10\.1\.1\.11 sends to 10\.2\.1\.11/.test(note),
      ),
    );
    assert.deepEqual(answer("b1", "a1", { protocol: "udp", port: "4789" }).notes, []);
    assert.deepEqual(answer("b1", "a1", { protocol: "4" }, two().remove("sgr-a1-out")).notes, []);
  });

  it("gives each deciding rule its counter, by card, direction and id", () => {
    const { hops } = answer("a1", "b1").packet;
    const at = (
      id: string,
      chain: string,
      comment: string,
      packets: number,
    ): [string, { chain: string; comment: string; packets: number }[]] => [id, [{ chain, comment, packets }]];
    const packets = (...counters: ReturnType<typeof at>[]): unknown[] =>
      counted(hops, new Map(counters)).flatMap((hop) => (hop.packets === undefined ? [] : [[hop.id, hop.packets]]));
    assert.deepEqual(packets(at("eni-a1", "egress", "sgr-a1-out", 7), at("eni-b1", "ingress", "sgr-b1-in", 8)), [
      ["eni-a1", 7],
      ["eni-b1", 8],
    ]);
    assert.deepEqual(
      packets(at("eni-a1", "ingress", "sgr-a1-out", 7), at("eni-b1", "ingress", "no ingress rule", 8)),
      [],
    );
  });

  it("is written for people with every hop, the code and what would have to change", () => {
    const text = whyText(answer("b1", "a1", { protocol: "4" }));
    assert.match(text, /^protocol 4 from 10\.2\.1\.11 to 10\.1\.1\.11, 84 bytes\n/);
    assert.match(
      text,
      /\n {2,3}2 {2}eni-b1 +security-group egress +let out by sgr-b1-out: everything to 0\.0\.0\.0\/0\n/,
    );
    assert.match(
      text,
      /\nDropped at eni-a1: SG_HAS_NO_RULES: the security groups .*\.\n {2}Add an ingress rule to sg-a1: ipProtocol 4 without ports from 10\.2\.1\.11\/32\.\n/,
    );
  });

  it("fits docs/schema/lab-why.schema.json, delivered or dropped, with every reason", () => {
    for (const [from, to, options] of [
      ["a1", "b1", { port: "22" }],
      ["a1", "b1", {}],
      ["b1", "a1", { protocol: "4" }],
    ] as const) {
      const { reached: _, ...printed } = answer(from, to, options);
      assertFits("lab-why.schema.json", printed);
    }
    const { hops, ...rest } = answer("a1", "b1").packet;
    assertFits("lab-why.schema.json", {
      packet: { ...rest, hops: hops.map((hop) => ({ ...hop, packets: 1 })) },
      notes: [],
    });
    const defs = schemaOf("lab-why.schema.json")["$defs"] as Record<string, { properties: Record<string, unknown> }>;
    assert.deepEqual((defs["way"]?.properties["code"] as { enum: unknown }).enum, Object.keys(explanations));
  });
});
