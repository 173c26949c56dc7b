import assert from "node:assert/strict";
import {
  answerTo,
  connectionKey,
  describeTransport,
  opensConnection,
  type Packet,
} from "../../../lab/src/reach/packet";
import { echo, ip, ipip, syn, udp } from "./three-vpcs";

const icmp = (type: number, identifier = 1, code = 0): Packet => ({
  ...echo(ip.a1, ip.a2),
  icmp: { type, code, identifier },
});

describe("a packet", () => {
  it("is of another connection when one of its addresses, ports, type, code or identifier is another", () => {
    const packets = [
      udp(ip.a1, ip.a2),
      udp(ip.a1, ip.a2, 53),
      { ...udp(ip.a1, ip.a2), ports: { source: 40001, destination: 4789 } },
      udp(ip.a2, ip.a1),
      syn(ip.a1, ip.a2, 4789),
      ipip(ip.a1, ip.a2),
      icmp(8),
      icmp(13),
      icmp(8, 2),
      icmp(8, 1, 1),
    ];
    assert.equal(new Set(packets.map(connectionKey)).size, packets.length);
    assert.equal(connectionKey({ ...udp(ip.a1, ip.a2), length: 1 }), connectionKey(udp(ip.a1, ip.a2)));
    // Written without a space, the second and third number of each would read the same.
    const ports = (source: number, destination: number): Packet => ({
      ...udp(ip.a1, ip.a2),
      ports: { source, destination },
    });
    assert.notEqual(connectionKey(ports(1, 23)), connectionKey(ports(12, 3)));
  });

  it("is answered with addresses and ports swapped, as long as it is", () => {
    const answer = answerTo({ ...udp(ip.a1, ip.a2), length: 77, dontFragment: true });
    assert.deepEqual(answer, {
      source: ip.a2,
      destination: ip.a1,
      protocol: 17,
      ports: { source: 4789, destination: 40000 },
      length: 77,
      dontFragment: true,
    });
    assert.deepEqual(answerTo(ipip(ip.a1, ip.a2)), ipip(ip.a2, ip.a1));
  });

  it("is answered by SYN-ACK when it is a SYN, and the other way round", () => {
    const there = syn(ip.a1, ip.a2, 22);
    assert.equal(answerTo(there).flags, "SYN-ACK");
    assert.equal(answerTo(answerTo(there)).flags, "SYN");
    assert.equal("flags" in answerTo(udp(ip.a1, ip.a2)), false);
  });

  it("is answered by what ICMP has for its type, with the same code and identifier", () => {
    for (const [request, answer] of [
      [8, 0],
      [13, 14],
      [15, 16],
      [17, 18],
    ] as const) {
      assert.deepEqual(answerTo(icmp(request, 7)).icmp, { type: answer, code: 0, identifier: 7 });
      assert.deepEqual(answerTo(icmp(answer, 7)).icmp, { type: request, code: 0, identifier: 7 });
      assert.equal(opensConnection(icmp(request)), true);
      assert.equal(opensConnection(icmp(answer)), false);
    }
    assert.equal(answerTo(icmp(3)).icmp?.type, 3, "an error is answered by nothing else");
    assert.equal(opensConnection(icmp(3)), false);
  });

  it("opens a connection unless it is an answer", () => {
    for (const first of [udp(ip.a1, ip.a2), ipip(ip.a1, ip.a2), syn(ip.a1, ip.a2, 22)])
      assert.equal(opensConnection(first), true);
    assert.equal(opensConnection({ ...syn(ip.a1, ip.a2, 22), flags: "SYN-ACK" }), false);
    assert.equal(opensConnection({ ...syn(ip.a1, ip.a2, 22), flags: "SYN" }), true);
  });

  it("is told by its protocol, and by port or type where it has them", () => {
    assert.deepEqual(
      [syn(ip.a1, ip.a2, 22), udp(ip.a1, ip.a2), ipip(ip.a1, ip.a2), icmp(3, 1, 4)].map(describeTransport),
      ["TCP port 22", "UDP port 4789", "protocol 4", "ICMP type 3 code 4"],
    );
    assert.equal(describeTransport({ ...ipip(ip.a1, ip.a2), protocol: 1 }), "ICMP");
  });
});
