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
