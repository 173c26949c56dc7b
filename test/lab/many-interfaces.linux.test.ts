import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { existingNamespaces } from "../../lab/src/fabric/apply";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { CloudRecords } from "../support/cloud-records";

const COUNT = 60;

/** Interfaces of one subnet, all in a group that refers to itself. */
function records(count: number): CloudRecords {
  const made = new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a", "a", "10.1.0.0/24")
    .securityGroup("all", "a")
    .ingress("all", "all", { ipProtocol: "4", referencedSecurityGroupId: "sg-all" });
  for (let i = 0; i < count; i++)
    made.instance(`n${i}`, "a", "a", `10.1.0.${10 + i}`, { vpcSecurityGroupIds: ["sg-all"] });
  return made;
}

/** bench/lab.ts measures more of it, and on an idle machine far less than these bounds. */
describe(`${COUNT} network interfaces`, function () {
  this.timeout(60_000);
  let lab: Lab;
  before(async () => {
    lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-many-")));
    await reconcile(lab, []);
  });
  after(async () => {
    await destroyAll(lab);
  });

  async function seconds(action: () => Promise<void>): Promise<number> {
    const began = performance.now();
    await action();
    return (performance.now() - began) / 1000;
  }

  const members = async (name: string): Promise<number> =>
    (
      await run([
        "nsenter",
        `--net=/run/netns/${namespacePrefix(lab)}eni-${name}`,
        "nft",
        "list",
        "set",
        "ip",
        "card",
        "sg-all",
      ])
    ).match(/10\.1\.0\.\d+/g)?.length ?? 0;

  it("stand within a quarter of a second each and know each other; one more takes half of that, nothing new next to nothing", async () => {
    const all = await seconds(() => reconcile(lab, records(COUNT).list()));
    assert.equal(existingNamespaces(namespacePrefix(lab)).length, 2 + COUNT);
    assert.equal(await members("n0"), COUNT);
    const more = await seconds(() => reconcile(lab, records(COUNT + 1).list()));
    assert.equal(await members("n0"), COUNT + 1);
    const same = await seconds(() => reconcile(lab, records(COUNT + 1).list()));
    const said = `all ${all.toFixed(2)} s, one more ${more.toFixed(2)} s, the same again ${same.toFixed(2)} s`;
    assert.ok(all < COUNT / 4 && more < COUNT / 8 && same < COUNT / 30, said);
  });
});
