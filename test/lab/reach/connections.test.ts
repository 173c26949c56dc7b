import assert from "node:assert/strict";
import { Connections } from "../../../lab/src/reach/connections";
import { answerTo, type Packet } from "../../../lab/src/reach/packet";
import { ip, ipip, syn, udp } from "./three-vpcs";

describe("what security groups track", () => {
  const first = udp(ip.a1, ip.a2);

  it("is established by an answer, in both directions, and not by sending alone", () => {
    const tracked = new Connections();
    assert.equal(tracked.state("eni-1", first), "new");
    tracked.track("eni-1", first);
    assert.equal(tracked.state("eni-1", first), "new", "sent again before there was an answer");
    assert.equal(tracked.state("eni-1", answerTo(first)), "established");
    assert.equal(tracked.state("eni-1", first), "established");
    tracked.track("eni-1", first);
    assert.equal(tracked.state("eni-1", first), "established", "a packet more does not begin it anew");
  });

  it("is each network interface's own", () => {
    const tracked = new Connections();
    tracked.track("eni-1", first);
    assert.equal(tracked.state("eni-2", answerTo(first)), "new");
    tracked.track("eni-2", first);
    assert.equal(tracked.state("eni-1", answerTo(first)), "established");
    assert.equal(tracked.state("eni-2", first), "new");
  });

  it("is each connection's own", () => {
    const tracked = new Connections();
    tracked.track("eni-1", first);
    assert.equal(tracked.state("eni-1", answerTo(first)), "established");
    for (const other of [udp(ip.a1, ip.a3), udp(ip.a1, ip.a2, 53), ipip(ip.a1, ip.a2)])
      assert.equal(tracked.state("eni-1", other), "new");
  });

  it("does not begin with an answer", () => {
    const tracked = new Connections();
    const answer: Packet = { ...syn(ip.a2, ip.a1, 40000), flags: "SYN-ACK" };
    tracked.track("eni-1", answer);
    assert.equal(tracked.state("eni-1", answerTo(answer)), "new");
  });

  it("is copied with what is in it, and changes by itself from then on", () => {
    const tracked = new Connections();
    tracked.track("eni-1", first);
    tracked.translate("nat-1", answerTo(first), ip.a3);
    const copy = new Connections(tracked);
    assert.equal(copy.state("eni-1", answerTo(first)), "established");
    assert.equal(copy.translation("nat-1", answerTo(first)), ip.a3);
    assert.equal(tracked.state("eni-1", first), "new");
  });

  it("knows whose an answer to a gateway is, for each gateway", () => {
    const tracked = new Connections();
    tracked.translate("nat-1", answerTo(first), ip.a3);
    assert.equal(tracked.translation("nat-1", answerTo(first)), ip.a3);
    assert.equal(tracked.translation("nat-2", answerTo(first)), undefined);
    assert.equal(tracked.translation("nat-1", answerTo(udp(ip.a1, ip.a2, 53))), undefined);
  });
});
