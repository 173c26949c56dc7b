import assert from "node:assert/strict";
import type { Backend } from "../../lab/src/ec2/engine/backend";
import type { Diff } from "../../lab/src/ec2/engine/diff-inputs";
import { Ec2Provider } from "../../lab/src/ec2/provider";
import { propertyMap, type PropertyMap } from "../../wire/property-value";
import { fabricOf } from "../../lab/src/fabric/model";
import { type NodeSpec, nodeSpecProblems } from "../../lab/src/node/node-spec";
import type { ResourceRecord } from "../../lab/src/state/record";

/** A lab without Linux: the fabric is worked out of the records as always, and then nothing is made of it. */
export class MemoryBackend implements Backend {
  readonly place = "memory";
  readonly records = new Map<string, ResourceRecord>();
  readonly nodes = new Map<string, "running" | "stopped">();
  /** Everything asked of it, in order. */
  readonly events: string[] = [];
  /** The next call of that name fails with it. */
  readonly failures = new Map<"locked" | "reconcile" | "startNode", string>();
  readonly started: NodeSpec[] = [];
  private turn: Promise<unknown> = Promise.resolve();

  locked<T>(_what: string, action: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(() => {
      this.mayFail("locked");
      this.events.push("lock");
      return action();
    });
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  list(): ResourceRecord[] {
    // As from disk: nobody gets hold of what is kept.
    return structuredClone([...this.records.values()]);
  }

  put(record: ResourceRecord): void {
    this.events.push(`put ${record.id}`);
    this.records.set(record.id, structuredClone(record));
  }

  remove(id: string): void {
    this.events.push(`remove ${id}`);
    this.records.delete(id);
  }

  async reconcile(records: readonly ResourceRecord[]): Promise<void> {
    this.events.push("reconcile");
    this.mayFail("reconcile");
    fabricOf("lab-00000000-", records);
  }

  cardOf(instance: ResourceRecord): { namespace: string; tap: string } {
    return { namespace: `lab-00000000-${String(instance.outputs["primaryNetworkInterfaceId"])}`, tap: "gst" };
  }

  async startNode(spec: NodeSpec): Promise<void> {
    this.events.push(`start ${spec.instanceId}`);
    this.mayFail("startNode");
    const problems = nodeSpecProblems(spec);
    if (problems.length > 0) throw new Error(problems.join("; "));
    this.started.push(spec);
    this.nodes.set(spec.instanceId, "running");
  }

  async stopNode(instanceId: string): Promise<void> {
    this.events.push(`stop ${instanceId}`);
    this.nodes.set(instanceId, "stopped");
  }

  async destroyNode(instanceId: string): Promise<void> {
    this.events.push(`destroy ${instanceId}`);
    this.nodes.delete(instanceId);
  }

  async plugInterface(
    instanceId: string,
    { deviceIndex, mac }: { readonly deviceIndex: number; readonly mac: string },
  ): Promise<void> {
    this.events.push(`plug ${instanceId} ${deviceIndex} ${mac}`);
  }

  async unplugInterface(instanceId: string, deviceIndex: number): Promise<void> {
    this.events.push(`unplug ${instanceId} ${deviceIndex}`);
  }

  nodeState(instanceId: string): "running" | "stopped" | "absent" {
    return this.nodes.get(instanceId) ?? "absent";
  }

  private mayFail(call: "locked" | "reconcile" | "startNode"): void {
    const message = this.failures.get(call);
    this.failures.delete(call);
    if (message !== undefined) throw new Error(message);
  }
}

export interface Resource {
  readonly urn: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

/** Uses the provider as the engine does: check, then the rest. */
export class Account {
  readonly backend = new MemoryBackend();
  readonly provider = new Ec2Provider(this.backend);

  check(token: string, name: string, news: object, olds: PropertyMap = {}): PropertyMap {
    const { inputs, failures } = this.provider.check(urnOf(token, name), propertyMap(news), olds, new Uint8Array());
    if (failures.length > 0) assert.fail(failures.map(({ reason }) => reason).join("\n"));
    return inputs;
  }

  /** What `check` finds fault with. */
  faults(token: string, name: string, news: object): string[] {
    return this.provider
      .check(urnOf(token, name), propertyMap(news), {}, new Uint8Array())
      .failures.map(({ reason }) => reason);
  }

  async create(token: string, name: string, news: object): Promise<Resource> {
    const urn = urnOf(token, name);
    const inputs = this.check(token, name, news);
    const { id, outputs } = await this.provider.create({ urn }, inputs);
    return { urn, id, inputs, outputs };
  }

  preview(token: string, name: string, news: object): Promise<{ readonly id: string; readonly outputs: PropertyMap }> {
    return this.provider.create({ urn: urnOf(token, name), preview: true }, this.check(token, name, news));
  }

  diff(old: Resource, news: object): Diff {
    const [, , token = "", name = ""] = old.urn.split("::");
    return this.provider.diff(old.urn, old, this.check(token, name, news, old.inputs));
  }

  async update(old: Resource, news: object): Promise<Resource> {
    const [, , token = "", name = ""] = old.urn.split("::");
    const inputs = this.check(token, name, news, old.inputs);
    return { ...old, inputs, outputs: await this.provider.update({ urn: old.urn }, old.id, old, inputs) };
  }

  delete(old: Resource): Promise<void> {
    return this.provider.delete({ urn: old.urn }, old.id, old);
  }

  refresh(old: Resource): Resource | undefined {
    const now = this.provider.read(old.urn, old.id, old);
    return now === undefined ? undefined : { ...now, urn: old.urn };
  }
}

export function urnOf(token: string, name: string): string {
  return `urn:pulumi:test::project::${token}::${name}`;
}

export const PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJLbYsq9tsUNwysSHJpPwIyl0SlmgiYS5vRkQbFSCun9 someone";
