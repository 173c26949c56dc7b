import assert from "node:assert/strict";
import fc from "fast-check";
import { readCapture } from "../../../provider/src/verify/capture";
import { ethernet, ipv4, pcap, udp, vxlan } from "./packets";

const inner = ipv4("192.168.0.1", "192.168.0.129", 1, Buffer.alloc(8));

describe("readCapture", () => {
  for (const bigEndian of [false, true]) {
    it(`tells bare, IP in IP and VXLAN apart (${bigEndian ? "big" : "little"} endian)`, () => {
      const file = pcap(
        [
          ethernet(inner),
          ethernet(ipv4("10.1.0.4", "10.2.0.4", 4, inner)),
          ethernet(ipv4("10.1.0.4", "10.2.0.4", 17, udp(4789, vxlan(4096, ethernet(inner))))),
        ],
        { bigEndian },
      );
      assert.deepEqual(readCapture(file), [
        { source: "192.168.0.1", destination: "192.168.0.129", protocol: 1 },
        {
          source: "10.1.0.4",
          destination: "10.2.0.4",
          protocol: 4,
          inner: { encapsulation: "IPIP", source: "192.168.0.1", destination: "192.168.0.129" },
        },
        {
          source: "10.1.0.4",
          destination: "10.2.0.4",
          protocol: 17,
          inner: { encapsulation: "VXLAN", source: "192.168.0.1", destination: "192.168.0.129", port: 4789, vni: 4096 },
        },
      ]);
    });
  }

  it("takes UDP on another port for plain UDP", () => {
    const file = pcap([ethernet(ipv4("10.1.0.4", "10.2.0.4", 17, udp(4790, vxlan(4096, ethernet(inner)))))]);
    assert.equal(readCapture(file)[0]?.inner, undefined);
    assert.deepEqual(readCapture(file, new Set([4789, 4790]))[0]?.inner, {
      encapsulation: "VXLAN",
      source: "192.168.0.1",
      destination: "192.168.0.129",
      port: 4790,
      vni: 4096,
    });
  });

  it("keeps the whole packets of a file that was cut off", () => {
    const file = pcap([ethernet(inner), ethernet(inner)]);
    assert.equal(readCapture(file.subarray(0, file.length - 5)).length, 1);
  });

  it("refuses what is no capture, and link types it cannot read", () => {
    assert.throws(
      () => readCapture(Buffer.from("tcpdump: permission denied, sorry")),
      /no capture file: it begins with/,
    );
    assert.throws(() => readCapture(Buffer.alloc(3)), /3 bytes/);
    assert.throws(() => readCapture(pcap([], { link: 147 })), /link type 147/);
  });

  it("reads raw IP and Linux cooked captures as well as Ethernet", () => {
    const bare = [{ source: "192.168.0.1", destination: "192.168.0.129", protocol: 1 }];
    assert.deepEqual(readCapture(pcap([inner], { link: 101 })), bare);
    assert.deepEqual(readCapture(pcap([Buffer.concat([Buffer.alloc(16), inner])], { link: 113 })), bare);
  });

  it("reads what is behind the header of its protocol alone", () => {
    const read = (...packet: Parameters<typeof ipv4>) => readCapture(pcap([ethernet(ipv4(...packet))]))[0];
    const plain = (protocol: number) => ({ source: "10.1.0.4", destination: "10.2.0.4", protocol });
    const datagram = udp(4789, vxlan(4096, ethernet(inner)));
    assert.deepEqual(read("10.1.0.4", "10.2.0.4", 41, inner), plain(41), "not IP in IP");
    assert.deepEqual(read("10.1.0.4", "10.2.0.4", 132, datagram), plain(132), "not UDP");
    assert.deepEqual(read("10.1.0.4", "10.2.0.4", 4, Buffer.alloc(20)), plain(4), "no IPv4 inside");
    const empty = udp(4789, vxlan(4096, ethernet(Buffer.alloc(20))));
    assert.deepEqual(read("10.1.0.4", "10.2.0.4", 17, empty), plain(17), "no IPv4 inside");
    for (const length of [0, 1, 7, 29])
      assert.deepEqual(read("10.1.0.4", "10.2.0.4", 17, datagram.subarray(0, length)), plain(17), `cut at ${length}`);
  });

  it("reads headers with options, and a packet of nothing but its header", () => {
    const header = ipv4("10.1.0.4", "10.2.0.4", 4, Buffer.alloc(0));
    assert.deepEqual(readCapture(pcap([ethernet(header)])), [
      { source: "10.1.0.4", destination: "10.2.0.4", protocol: 4 },
    ]);
    header.writeUInt8(0x46, 0);
    const frame = ethernet(Buffer.concat([header, Buffer.alloc(4), inner]));
    assert.equal(readCapture(pcap([frame]))[0]?.inner?.source, "192.168.0.1");
  });

  it("passes over what is no whole IPv4 header", () => {
    const six = Buffer.from(inner);
    six.writeUInt8(0x65, 0);
    assert.deepEqual(readCapture(pcap([ethernet(six), ethernet(inner.subarray(0, 19))])), []);
  });

  it("reads no tunnel header in a later fragment, which has none", () => {
    const fragment = ipv4("10.1.0.4", "10.2.0.4", 4, inner);
    fragment.writeUInt16BE(0x2000, 6);
    assert.equal(readCapture(pcap([ethernet(fragment)]))[0]?.inner?.source, "192.168.0.1", "the first fragment");
    fragment.writeUInt16BE(0x0001, 6);
    assert.equal(readCapture(pcap([ethernet(fragment)]))[0]?.inner, undefined);
  });

  it("takes the beginning of a record's header for nothing", () => {
    assert.equal(readCapture(Buffer.concat([pcap([ethernet(inner)]), Buffer.alloc(15)])).length, 1);
  });

  it("survives any bytes behind a header", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (frames) =>
        Array.isArray(readCapture(pcap(frames.map((f) => Buffer.from(f))))),
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (tail) =>
        Array.isArray(readCapture(Buffer.concat([pcap([]), Buffer.from(tail)]))),
      ),
    );
  });
});
