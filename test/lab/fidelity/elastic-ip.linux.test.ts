import assert from "node:assert/strict";
import type { Guest } from "../../../lab/src/fabric/guest";
import { INTERNET_ADDRESS } from "../../../lab/src/cloud/well-known-address";
import { CloudRecords } from "../../support/cloud-records";
import { answer, connects, GuestLab } from "../../support/guests";

/** Every "no" here has its "yes" by one change. */
describe("Elastic IP addresses, by packets (vpc/latest/userguide/vpc-eips.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let host: Guest, a: Guest, b: Guest;
  const ip = { a: "10.1.1.11", second: "10.1.1.31", b: "10.1.1.12" };
  const [launched, elastic] = ["203.0.113.11", "203.0.113.30"];

  const associated = (records: CloudRecords, networkInterfaceId: string, privateIpAddress: string): CloudRecords =>
    records
      .addApart("aws:ec2/eip:Eip", "eipalloc-1", { publicIp: elastic })
      .add("aws:ec2/eipAssociation:EipAssociation", "eipassoc-1", {
        networkInterfaceId,
        privateIpAddress,
        publicIp: elastic,
      });

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("a", "10.1.0.0/16")
        .subnet("a", "a", "10.1.1.0/24")
        .internetGateway("a", "a")
        .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
        .instance("a", "a", "a", ip.a, { publicIp: launched, secondaryPrivateIps: [ip.second] })
        .instance("b", "a", "a", ip.b)
        .ingress("a", "a", { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" })
        .ingress("b", "b", { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
    );
    [a, b] = [lab.guest("a"), lab.guest("b")];
    host = await lab.internet();
    await a.exec(["ip", "address", "add", `${ip.second}/24`, "dev", "ens5"]);
    await lab.listen(host.namespace, 7000, "echo $SOCAT_PEERADDR; cat >/dev/null");
    for (const { namespace } of [a, b]) await lab.listen(namespace, 7000, "echo $SOCAT_SOCKADDR; cat >/dev/null");
  });
  after(async () => lab?.remove());
  beforeEach(async () => {
    await lab.apply(() => undefined);
    await lab.flush();
  });

  it("AWS-34 give an instance without a public address one, both ways", async () => {
    assert.equal(await connects(b, INTERNET_ADDRESS, 7000), false);
    await lab.apply((records) => associated(records, "eni-b", ip.b));
    assert.equal(await answer(b, INTERNET_ADDRESS, 7000), `${elastic}\n`);
    assert.equal(await answer(host, elastic, 7000), `${ip.b}\n`);
  });

  it("AWS-34 take the place of the address that an instance was given at launch", async () => {
    assert.equal(await answer(a, INTERNET_ADDRESS, 7000), `${launched}\n`);
    assert.equal(await connects(host, launched, 7000), true);
    await lab.apply((records) => associated(records, "eni-a", ip.a));
    assert.equal(await answer(a, INTERNET_ADDRESS, 7000), `${elastic}\n`);
    assert.equal(await connects(host, launched, 7000), false);
    assert.equal(await answer(host, elastic, 7000), `${ip.a}\n`);
  });

  it("AWS-34 stand for one private address, a secondary one too", async () => {
    assert.equal(await connects(host, elastic, 7000), false);
    await lab.apply((records) => associated(records, "eni-a", ip.second));
    assert.equal(await answer(host, elastic, 7000), `${ip.second}\n`);
    assert.equal(await answer(host, launched, 7000), `${ip.a}\n`, "the primary one keeps its own");
    assert.equal(await answer(a, INTERNET_ADDRESS, 7000, `,bind=${ip.second}`), `${elastic}\n`);
  });

  it("AWS-34 move to another instance", async () => {
    await lab.apply((records) => associated(records, "eni-a", ip.a));
    assert.equal(await answer(host, elastic, 7000), `${ip.a}\n`);
    await lab.apply((records) => associated(records, "eni-b", ip.b));
    assert.equal(await answer(host, elastic, 7000), `${ip.b}\n`);
  });
});
