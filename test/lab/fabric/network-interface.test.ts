import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { fabricOf } from "../../../lab/src/fabric/model";
import { CloudRecords } from "../../support/cloud-records";

const launched = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .instance("one", "a", "a1", "10.1.1.11")
    .add("aws:ec2/networkInterface:NetworkInterface", "eni-x", {
      subnetId: "subnet-a1",
      privateIp: "10.1.1.50",
      privateIps: ["10.1.1.50", "10.1.1.51"],
      securityGroups: ["sg-one"],
      sourceDestCheck: false,
      macAddress: "0a:00:00:00:00:50",
    });
const attachment = { instanceId: "i-one", networkInterfaceId: "eni-x", deviceIndex: 1 };
const attached = (outputs: Record<string, unknown> = attachment): CloudRecords =>
  launched().add("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment", "eni-attach-1", outputs);

describe("network interfaces of their own in the fabric", () => {
  it("have a card while they are attached, wired to the node's namespace", () => {
    const names = (records: CloudRecords): string[] =>
      fabricOf("lab-0-", records.list())
        .map(({ name }) => name.slice(6))
        .filter((name) => name.startsWith("eni"));
    assert.deepEqual(names(launched()), ["eni-one"]);
    assert.deepEqual(names(attached()), ["eni-one", "eni-x"]);
    assert.deepEqual(names(attached({ ...attachment, instanceId: "i-gone" })), ["eni-one"]);
    const card = fabricOf("lab-0-", attached().list()).find(({ name }) => name === "lab-0-eni-x");
    const port = card?.links.find(({ name }) => name === "gst");
    assert.equal(port?.kind === "veth" ? `${port.peer.namespace} ${port.peer.name}` : port?.kind, "lab-0-eni-one gst1");
  });

  it("are known to the VPC's router by all their addresses, and no more once they are detached", () => {
    const known = (records: CloudRecords): string[] =>
      fabricOf("lab-0-", records.list())
        .find(({ name }) => name === "lab-0-vpc-a")
        ?.neighbours.map(({ address, mac }) => `${address} ${mac}`) ?? [];
    assert.deepEqual(known(attached()).slice(1), ["10.1.1.50 0a:00:00:00:00:50", "10.1.1.51 0a:00:00:00:00:50"]);
    assert.equal(known(launched()).length, 1);
  });

  it("are read with their own addresses, groups and check", () => {
    const { networkInterfaces, instances } = readCloud(attached().list());
    assert.equal(instances.length, 1);
    assert.deepEqual(
      networkInterfaces.map(
        ({ networkInterfaceId, instanceId, deviceIndex, privateIp, secondaryPrivateIps, sourceDestCheck }) => [
          networkInterfaceId,
          instanceId,
          deviceIndex,
          privateIp,
          secondaryPrivateIps,
          sourceDestCheck,
        ],
      ),
      [
        ["eni-one", "i-one", 0, "10.1.1.11", [], true],
        ["eni-x", "i-one", 1, "10.1.1.50", ["10.1.1.51"], false],
      ],
    );
  });

  it("are refused with a device index that is none, or one that is taken", () => {
    assert.throws(() => readCloud(attached({ ...attachment, deviceIndex: 16 }).list()), /device index 16/);
    const twice = attached().add(
      "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment",
      "eni-attach-2",
      attachment,
    );
    assert.throws(() => readCloud(twice.list()), /one of which is taken/);
  });
});
