import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { OverlayExample, replaced } from "./overlay-example";
import { failures, type Report } from "./quick-start";
import { stopAfterFailure } from "./steps";

/** The example's instances and one more, with two Overlays over them; the steps build on each other. */
describe("several Overlays, and a network without IP in IP, in the lab", function () {
  this.timeout(240_000);
  stopAfterFailure();
  const example = new OverlayExample();
  const { quickStart } = example;

  /** One more host, and the rules of two pools. */
  const base = replaced(
    example.program,
    `{ name: "green-1", network: "green", subnetCidrBlock: "10.2.0.0/24" },`,
    `{ name: "green-1", network: "green", subnetCidrBlock: "10.2.0.0/24" },
     { name: "green-2", network: "green", subnetCidrBlock: "10.2.0.0/24" },`,
  );
  const ipip = example.manifest;
  const vxlan = (name: string, cidr: string): string =>
    replaced(
      replaced(replaced(ipip, "name: pool", `name: ${name}`), "192.168.0.0/16", cidr),
      "ipipMode: CrossSubnet",
      "vxlanMode: Always",
    );
  const OVERLAYS = `
  const [firstPools, secondPools] = ipPools.split("---\\n");
  const over = (names: string[]) => hosts.flatMap((host, i) => {
    const { instance, hostKey } = instances[i] ?? fail(host.name);
    const ssh = { host: instance.publicIp, hostKey: hostKey.publicKey };
    return names.includes(host.name) ? [{ ...host, address: instance.privateIp, incarnation: instance.id, ssh }] : [];
  });
  const common = { networks, ssh: { user: "admin", privateKey: userKey.privateKey }, workloadsPerNode: 1 };
  const outputsOf = ({ nodes, workloads, topology, ssh }: overlaynet.Overlay) => ({ nodes, workloads, topology, ssh });
  const options = { dependsOn: [...rules, ...routes] };`;
  const write = (...overlays: string[]): void =>
    quickStart.writeProgram(
      example.withOverlays(`${OVERLAYS}\nreturn { ${overlays.map((each) => `...${each}`).join(", ")} };`, base),
    );
  const first = (network = ""): string =>
    `{ first: outputsOf(new overlaynet.Overlay("first", { ...common, ${network} ipPools: firstPools!, hosts: over(["blue-1", "green-1"]) }, options)) }`;
  const second = (hosts = `"blue-2", "green-2"`): string =>
    `{ second: outputsOf(new overlaynet.Overlay("second", { ...common, ipPools: secondPools!, hosts: over([${hosts}]) }, options)) }`;
  const greenBlocked = `networks: networks.map((one) => ({ ...one, protocol4: one.name === "green" ? "Blocked" : "Allowed" })),`;

  before(() => example.start());
  after(() => quickStart.remove());

  /** What verify says of one of the Overlays. */
  const verify = async (overlay: "first" | "second"): Promise<Report> => {
    const outputs = JSON.parse(
      await example.pulumi("stack", "output", "--json", "--show-secrets", "--stack", "test"),
    ) as Record<string, unknown>;
    const file = join(quickStart.dir, `${overlay}.json`);
    writeFileSync(file, JSON.stringify(outputs[overlay]), { mode: 0o600 });
    const { stdout, stderr } = await quickStart.overlaynet("verify", "--outputs", file, "--format", "json");
    assert.notEqual(stdout, "", stderr);
    return JSON.parse(stdout) as Report;
  };
  const carriers = ({ pairs }: Report): string[] => pairs.map(({ encapsulation }) => encapsulation);

  it("two Overlays over different hosts of one stack both work, each with its own pools", async () => {
    quickStart.writePools(`${ipip}---\n${vxlan("second", "172.30.0.0/16")}`);
    write(first(), second());
    await example.up();
    for (const [overlay, kind] of [
      ["first", "IPIP"],
      ["second", "VXLAN"],
    ] as const) {
      const report = await verify(overlay);
      assert.deepEqual(failures(report), [], JSON.stringify(report.pairs));
      assert.deepEqual(carriers(report), [kind, kind]);
    }
  });

  it("an Overlay over a host of another one is refused by the host, which names its owner and stays as it is", async () => {
    const held = (): Promise<string> =>
      example.on(
        "blue-1",
        "find /etc/overlaynet -type f -exec sha256sum {} + | sort; ip -o link; ip route; nft list table inet overlaynet | grep -v counter; ip netns list",
      );
    const before = await held();
    write(first(), second(`"blue-1", "blue-2", "green-2"`));
    const { code, stdout, stderr, failed } = await quickStart.steps("up");
    assert.notEqual(code, 0);
    assert.match(stdout + stderr, /this node is owned by "overlaynet-overlay\/test\/first [0-9a-f]+"/);
    assert.match(stdout + stderr, /Use another node, or let its owner remove what is here/);
    assert.deepEqual(
      failed.filter((name) => !name.startsWith("second-blue-1") && name !== "overlaynet-overlay-test"),
      [],
    );
    assert.equal(await held(), before);
    assert.deepEqual(failures(await verify("first")), []);
  });

  it("goes on without the host that another one owns", async () => {
    write(first(), second());
    await example.up();
    for (const overlay of ["first", "second"] as const) assert.deepEqual(failures(await verify(overlay)), []);
  });

  describe("a network that drops IP protocol 4", () => {
    before(async () => {
      const { code, stderr } = await quickStart.overlaynet("lab", "fault", "drop-protocol", "green", "4");
      assert.equal(code, 0, stderr);
    });

    it("has an IPIP pool refused in preview when the program says so, with the way out", async () => {
      write(first(greenBlocked));
      const { code, stdout, stderr } = await quickStart.steps("preview");
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /network green/);
      assert.match(stdout + stderr, /vxlanMode/);
    });

    it("loses the packets of one that is not refused, as the program says nothing", async () => {
      const report = await verify("first");
      assert.deepEqual(failures(report), ["blue-1-w0 green-1-w0", "green-1-w0 blue-1-w0"]);
    });

    it("carries a VXLAN pool", async () => {
      quickStart.writePools(`${vxlan("first", "192.168.0.0/16")}---\n${vxlan("second", "172.30.0.0/16")}`);
      write(first(greenBlocked));
      await example.up();
      const report = await verify("first");
      assert.deepEqual(failures(report), []);
      assert.deepEqual(carriers(report), ["VXLAN", "VXLAN"]);
    });
  });
});
