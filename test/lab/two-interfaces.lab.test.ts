import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Ec2Provider } from "../../lab/src/ec2/provider";
import { imagesOf } from "../../lab/src/ec2/engine/images";
import { labBackend } from "../../lab/src/ec2/lab-backend";
import { propertyMap, type PropertyMap } from "../../wire/property-value";
import { EC2 } from "../../lab/src/cloud/tokens";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { internetNamespace, namespacePrefix } from "../../lab/src/fabric/names";
import { rebootNode } from "../../lab/src/node/node";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { stopAfterFailure } from "./steps";

interface Made {
  readonly urn: string;
  readonly id: string;
  readonly outputs: PropertyMap;
}

/**
 * A node that is launched with two network interfaces, and gets a third while it runs; the steps build on each other.
 */
describe("a lab node with several network interfaces", function () {
  this.timeout(90_000);
  stopAfterFailure();
  let lab: Lab;
  let provider: Ec2Provider;
  let instance: Made, second: Made, third: Made, attachment: Made, eip: Made, subnet: Made;

  const create = async (token: string, name: string, news: object): Promise<Made> => {
    const urn = `urn:pulumi:test::project::${token}::${name}`;
    const { inputs, failures } = provider.check(urn, propertyMap(news), {}, new Uint8Array());
    assert.deepEqual(failures, []);
    return { urn, ...(await provider.create({ urn }, inputs)) };
  };
  const onNode = (script: string): Promise<string> =>
    run([
      "env",
      `OVERLAYNET_LAB_STATE=${lab.state}`,
      resolve(__dirname, "../../cli/bin/overlaynet"),
      "lab",
      "exec",
      instance.id,
      "--",
      "sh",
      "-c",
      script,
    ]);
  const ready = (): Promise<string> =>
    run([
      "env",
      `OVERLAYNET_LAB_STATE=${lab.state}`,
      resolve(__dirname, "../../cli/bin/overlaynet"),
      "lab",
      "wait",
      instance.id,
    ]);
  /** As the manual of EC2 says: an address, and a table for what leaves with it. */
  const bringUp = (device: string, eni: Made, table: number): Promise<string> =>
    onNode(
      `set -eu; ip link set ${device} mtu 9001 up; ip address add ${String(eni.outputs["privateIp"])}/24 dev ${device}; ip rule add from ${String(eni.outputs["privateIp"])} lookup ${table}; ip route add default via 10.1.1.1 dev ${device} table ${table}`,
    );
  /** What sshd says to who connects from the internet; empty when nobody answers. */
  const banner = (): Promise<string> =>
    run([
      "nsenter",
      `--net=/run/netns/${internetNamespace(namespacePrefix(lab))}`,
      "sh",
      "-c",
      `echo no ssh | socat - TCP4:${String(eip.outputs["publicIp"])}:22,connect-timeout=2 2>/dev/null | head -n 1`,
    ]);

  before(async () => {
    lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-interfaces-")));
    provider = new Ec2Provider(labBackend(lab));
    const vpc = await create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    const gateway = await create(EC2.internetGateway, "g", { vpcId: vpc.id });
    await create(EC2.route, "r", {
      routeTableId: vpc.outputs["mainRouteTableId"],
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });
    const first = await create(EC2.subnet, "a", {
      vpcId: vpc.id,
      cidrBlock: "10.1.0.0/24",
      availabilityZone: "us-east-1a",
    });
    subnet = await create(EC2.subnet, "b", { vpcId: vpc.id, cidrBlock: "10.1.1.0/24", availabilityZone: "us-east-1a" });
    const open = await create(EC2.securityGroup, "open", {
      vpcId: vpc.id,
      ingress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
      egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
    });
    const primary = await create(EC2.networkInterface, "primary", { subnetId: first.id, privateIps: ["10.1.0.9"] });
    second = await create(EC2.networkInterface, "second", { subnetId: subnet.id, securityGroups: [open.id] });
    third = await create(EC2.networkInterface, "third", { subnetId: subnet.id, securityGroups: [open.id] });
    eip = await create(EC2.eip, "e", { networkInterface: second.id });
    const networkInterfaces = [
      { networkInterfaceId: primary.id, deviceIndex: 0 },
      { networkInterfaceId: second.id, deviceIndex: 1 },
    ];
    instance = await create(EC2.instance, "node", {
      ami: imagesOf("us-east-1")[0]?.id,
      instanceType: "t3.micro",
      networkInterfaces,
    });
    await ready();
  });
  after(async () => {
    await destroyAll(lab);
    rmSync(lab.state, { recursive: true, force: true });
  });

  it("has the address of the first and a device for the second, with its MAC address", async () => {
    assert.match(await onNode("ip -br address show dev ens5"), / 10\.1\.0\.9\/24/);
    assert.ok((await onNode("cat /sys/class/net/vec1/address")).trim() === second.outputs["macAddress"]);
  });

  it("is reached over the second, once the node has given it its address", async () => {
    assert.equal(await banner(), "");
    await bringUp("vec1", second, 101);
    assert.match(await banner(), /^SSH-2\.0-/);
  });

  it("gets a third one while it runs, by the Elastic IP address that moves there", async () => {
    attachment = await create(EC2.networkInterfaceAttachment, "third", {
      instanceId: instance.id,
      networkInterfaceId: third.id,
      deviceIndex: 2,
    });
    await bringUp("vec2", third, 102);
    const urn = eip.urn;
    await provider.update({ urn }, eip.id, eip, propertyMap({ networkInterface: third.id }));
    assert.match(await banner(), /^SSH-2\.0-/);
    await onNode("ip link set vec2 down");
    assert.equal(await banner(), "");
  });

  it("loses it when it is detached, and has its others after a reboot", async () => {
    await provider.delete({ urn: attachment.urn }, attachment.id, attachment);
    assert.equal((await onNode("ls /sys/class/net")).includes("vec2"), false);
    await rebootNode(lab, instance.id);
    await ready();
    const devices = await onNode("ls /sys/class/net");
    assert.deepEqual(
      ["vec1", "vec2"].map((device) => devices.includes(device)),
      [true, false],
    );
  });

  it("lets a device go that is up, without its wire, and takes another in its place once it is down", async () => {
    const again = await create(EC2.networkInterfaceAttachment, "again", {
      instanceId: instance.id,
      networkInterfaceId: third.id,
      deviceIndex: 2,
    });
    await onNode("ip link set vec2 up");
    await provider.delete({ urn: again.urn }, again.id, again);
    assert.equal((await onNode("ls /sys/class/net")).includes("vec2"), true);
    await assert.rejects(
      create(EC2.networkInterfaceAttachment, "once-more", {
        instanceId: instance.id,
        networkInterfaceId: third.id,
        deviceIndex: 2,
      }),
      /takes no device vec2 .*take the former one down/,
    );
    await onNode("ip link set vec2 down");
    const urn = `urn:pulumi:test::project::${EC2.networkInterfaceAttachment}::once-more`;
    const [record] = labBackend(lab)
      .list()
      .filter(({ type, outputs }) => type === EC2.networkInterfaceAttachment && outputs["deviceIndex"] === 2);
    assert.ok(record !== undefined);
    await provider.update({ urn }, record.id, { outputs: propertyMap(record.outputs) }, propertyMap(record.inputs));
    await onNode("ip link set vec2 up");
  });
});
