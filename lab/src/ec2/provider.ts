import { randomBytes } from "node:crypto";
import type { CheckFailure } from "../../../wire/check-failure";
import { ResourceInitFailed } from "../../../wire/resource-init-failed";
import { nameInUrn, typeInUrn } from "../../../wire/urn";
import type { ResourceRecord } from "../state/record";
import { Activity } from "./engine/activity";
import { Account, type ChangeSet, FabricFailed } from "./engine/account";
import { ApiError, ProviderError } from "./engine/api-error";
import type { Backend } from "./engine/backend";
import { checkInputs } from "./engine/check-inputs";
import { type Diff, diffInputs } from "./engine/diff-inputs";
import { functions } from "./functions";
import { newId } from "./engine/ids";
import { type Inputs, isBlock, unsetValue } from "./engine/input";
import {
  isKnown,
  isMap,
  propertyMap,
  type PropertyMap,
  type PropertyValue,
  UNKNOWN,
} from "../../../wire/property-value";
import { sameProperties } from "../../../wire/property-diff";
import { textOf } from "./engine/fields";
import type { ProviderConfig } from "./provider-config";
import { Records } from "./engine/records";
import { companionRecord, ownerOf } from "./engine/companion";
import { DEFAULT_REGION } from "./engine/regions";
import type { ResourceType } from "./engine/resource-type";
import { goingWith, refuseHeld } from "./engine/references";
import { resourceTypes } from "./types-by-token";
import { refuseAllTags } from "./engine/tag-limits";

/** What the engine says with every call about a resource. */
export interface Operation {
  readonly urn: string;
  readonly preview?: boolean;
}

/** The aws provider over the lab, in terms of properties; see serve.ts for the engine's protocol. */
export class Ec2Provider {
  config: ProviderConfig = { region: DEFAULT_REGION, defaultTags: {} };
  /** Tells the user what AWS would do otherwise; nobody listens in tests. */
  warn: (urn: string, message: string) => void = () => undefined;
  private readonly account: Account;
  private readonly backend: Backend;
  private readonly activity = new Activity();

  constructor(backend: Backend) {
    this.backend = backend;
    this.account = new Account(backend);
  }

  check(
    urn: string,
    news: PropertyMap,
    olds: PropertyMap,
    seed: Uint8Array,
  ): { readonly inputs: PropertyMap; readonly failures: readonly CheckFailure[] } {
    const type = typeOf(urn);
    const name = nameInUrn(urn);
    const oldDefaults = Array.isArray(olds["__defaults"]) ? olds["__defaults"] : [];
    const { inputs, failures } = checkInputs(type, news, (input) => {
      // A name made up before stays.
      const old = olds[input];
      if (oldDefaults.includes(input) && typeof old === "string") return old;
      return `${name}-${Buffer.from(seed.length > 0 ? seed : randomBytes(4))
        .toString("hex")
        .slice(0, 7)}`;
    });
    return {
      inputs,
      failures: failures.map(({ path, reason }) => ({
        property: "",
        reason: path === "" ? reason : `${reason}. Examine values at '${name}.${path}'.`,
      })),
    };
  }

  diff(urn: string, old: { readonly inputs: PropertyMap; readonly outputs: PropertyMap }, news: PropertyMap): Diff {
    return diffInputs(typeOf(urn), old.inputs, news, { old: old.outputs["tagsAll"] ?? null, new: this.tagsAll(news) });
  }

  async create(
    { urn, preview }: Operation,
    inputs: PropertyMap,
  ): Promise<{ readonly id: string; readonly outputs: PropertyMap }> {
    const type = typeOf(urn);
    if (preview === true) return { id: "", outputs: this.planned(type, inputs) };
    return this.activity.run(async () => {
      const region = this.regionOf(inputs);
      const made = await this.refusable(
        type,
        type.creating?.(inputs) ?? `creating ${type.title}`,
        type.actions.create,
        () =>
          this.account.change(`creating ${typeName(type)} ${nameInUrn(urn)}`, (all) => {
            const records = this.records(all, region);
            const offered = newId(type.idPrefix);
            refuseAllTags(this.tagsAll(inputs), inputs);
            const result = type.create({ id: offered, inputs, region, records });
            const id = result.id ?? offered;
            const record: ResourceRecord = {
              type: type.token,
              id,
              urn,
              inputs,
              outputs: known({ ...this.planned(type, inputs), region, ...result.outputs }, type),
              internal: result.internal ?? {},
              created: Date.now(),
            };
            const withId: ResourceRecord = { ...record, outputs: { ...record.outputs, id: type.idOf?.(record) ?? id } };
            const companions = (result.companions ?? []).map((companion) => companionRecord(withId, companion));
            return changeSet(all, withId, [withId, ...companions, ...(result.alters ?? [])], result.removes ?? []);
          }),
      );
      for (const warning of type.warnings?.(made, this.records(this.account.list(), region)) ?? [])
        this.warn(urn, warning);
      return this.settled(type, made, (records) => type.effects?.created(this.backend, made, records));
    });
  }

  /** @returns undefined when the resource is gone */
  read(
    urn: string,
    id: string,
    old: { readonly inputs: PropertyMap; readonly outputs: PropertyMap },
  ): { readonly id: string; readonly inputs: PropertyMap; readonly outputs: PropertyMap } | undefined {
    const type = typeOf(urn);
    const records = this.records(this.account.list(), textOf(old.outputs, "region") ?? this.config.region);
    const record = this.find(type, id, records);
    if (record === undefined || type.isGone?.(record, records) === true) return undefined;
    const outputs = { ...propertyMap(record.outputs), ...type.read?.(record, records, this.backend) };
    // What is imported has no inputs yet.
    const inputs =
      Object.keys(old.inputs).length === 0 ? propertyMap(record.inputs) : follow(type.inputs, old.inputs, outputs);
    return { id: type.idOf?.(record) ?? record.id, inputs, outputs };
  }

  async update(
    { urn, preview }: Operation,
    id: string,
    old: { readonly outputs: PropertyMap },
    inputs: PropertyMap,
  ): Promise<PropertyMap> {
    const type = typeOf(urn);
    if (preview === true) return { ...old.outputs, ...this.given(type, inputs, old.outputs) };
    return this.activity.run(async () => {
      const region = this.regionOf(old.outputs);
      const { before, after } = await this.refusable(type, `updating ${type.title} (${id})`, type.actions.update, () =>
        this.account.change(`updating ${id}`, (all) => {
          const records = this.records(all, region);
          const before = this.find(type, id, records);
          if (before === undefined) throw new Error(`${id} is not there any more. Run pulumi refresh`);
          refuseAllTags(this.tagsAll(inputs), inputs);
          const result = type.update?.({ record: before, inputs, region, records }) ?? {};
          const outputs = {
            ...propertyMap(before.outputs),
            ...this.given(type, inputs, propertyMap(before.outputs)),
            ...result.outputs,
          };
          const after: ResourceRecord = {
            ...before,
            inputs,
            outputs,
            internal: { ...before.internal, ...result.internal },
          };
          const companions = result.companions;
          const former =
            companions === undefined
              ? []
              : all
                  .filter(
                    (other) =>
                      ownerOf(other) === before.id && !companions.some((companion) => companion.id === other.id),
                  )
                  .map((other) => other.id);
          const made = (companions ?? []).map((companion) => companionRecord(after, companion));
          return changeSet(
            all,
            { before, after },
            [after, ...made, ...(result.alters ?? [])],
            [...former, ...(result.removes ?? [])],
          );
        }),
      );
      return (await this.settled(type, after, (records) => type.effects?.updated(this.backend, before, after, records)))
        .outputs;
    });
  }

  async delete({ urn }: Operation, id: string, old: { readonly outputs: PropertyMap }): Promise<void> {
    const type = typeOf(urn);
    if (type.stays === true) return;
    const region = this.regionOf(old.outputs);
    // Deletions of what uses it may be under way.
    await this.activity.run(() => this.deleteOnce(type, id, region), isInUse);
  }

  private async deleteOnce(type: ResourceType, id: string, region: string): Promise<void> {
    await this.refusable(type, `deleting ${type.title} (${id})`, type.actions.delete, async () => {
      const now = this.records(this.account.list(), region);
      const record = this.find(type, id, now);
      if (record === undefined) return;
      refuseDelete(type, record, now);
      await type.effects?.deleting(this.backend, record);
      await this.account.change(`deleting ${id}`, (all) => {
        const records = this.records(all, region);
        const last = this.find(type, id, records);
        if (last === undefined) return { value: undefined, fabric: false };
        refuseDelete(type, last, records);
        const gone = [...goingWith(last, records, types), ...(type.cascade?.(last, records) ?? [])];
        return changeSet(all, undefined, type.leaves?.(last, records) ?? [], gone);
      });
    });
  }

  invoke(token: string, args: PropertyMap): PropertyMap {
    const call = functions.get(token);
    if (call === undefined)
      throw new Error(`the lab does not model the function ${token}. It models ${[...functions.keys()].join(", ")}`);
    try {
      return call.invoke(args, this.config.region, (region) => this.records(this.account.list(), region));
    } catch (error) {
      throw new Error(`invoking ${token}: 1 error occurred:\n\t* ${messageOf(error)}\n\n`, { cause: error });
    }
  }

  /** Outputs as far as they are known before the resource is made: what AWS chooses is not. */
  private planned(type: ResourceType, inputs: PropertyMap): PropertyMap {
    const outputs: PropertyMap = {};
    for (const [name, input] of Object.entries(type.inputs)) {
      const value = inputs[name];
      if (value !== undefined)
        outputs[name] =
          isBlock(input.kind) && isMap(value) ? plannedBlock(input.kind.block, value) : withoutDefaults(value);
      else if (input.computed === true) outputs[name] = UNKNOWN;
      else if (type.pluginFramework !== true) outputs[name] = unsetValue(input);
    }
    for (const name of type.computed) outputs[name] = UNKNOWN;
    outputs["id"] = UNKNOWN;
    outputs["region"] = this.regionOf(inputs);
    if ("tags" in type.inputs) outputs["tagsAll"] = this.tagsAll(inputs);
    return outputs;
  }

  /** Outputs that follow from the inputs of an update; what AWS chose before stays. */
  private given(type: ResourceType, inputs: PropertyMap, before: PropertyMap): PropertyMap {
    const outputs: PropertyMap = {};
    for (const [name, input] of Object.entries(type.inputs)) {
      const value = inputs[name];
      const former = before[name];
      if (value !== undefined)
        outputs[name] =
          isBlock(input.kind) && isMap(value)
            ? { ...(isMap(former) ? former : {}), ...propertyMap(withoutDefaults(value)) }
            : withoutDefaults(value);
      else if (input.computed !== true && type.pluginFramework !== true) outputs[name] = unsetValue(input);
    }
    if ("tags" in type.inputs) outputs["tagsAll"] = this.tagsAll(inputs);
    return outputs;
  }

  private tagsAll(inputs: PropertyMap): PropertyValue {
    const tags = inputs["tags"] ?? null;
    if (tags === UNKNOWN) return UNKNOWN;
    return { ...this.config.defaultTags, ...(isMap(tags) ? tags : {}) };
  }

  private regionOf(properties: PropertyMap): string {
    const region = textOf(properties, "region");
    return region === undefined || region === UNKNOWN ? this.config.region : region;
  }

  private records(all: readonly ResourceRecord[], region: string): Records {
    return new Records(all, region, this.config.quotas);
  }

  private find(type: ResourceType, id: string, records: Records): ResourceRecord | undefined {
    return type.find === undefined ? records.find(type.token, id) : type.find(id, records);
  }

  /** Does what is to be done outside the records, and keeps the outputs that come of it. */
  private async settled(
    type: ResourceType,
    record: ResourceRecord,
    effect: (records: Records) => Promise<PropertyMap> | undefined,
  ): Promise<{ id: string; outputs: PropertyMap }> {
    const id = type.idOf?.(record) ?? record.id;
    try {
      const more = await effect(
        this.records(this.account.list(), textOf(record.outputs, "region") ?? this.config.region),
      );
      const outputs = { ...propertyMap(record.outputs), ...more };
      if (more !== undefined && !sameProperties(outputs, propertyMap(record.outputs))) {
        await this.account.change(`noting the state of ${id}`, (all) => {
          const now = all.find((other) => other.id === record.id);
          return {
            value: undefined,
            put: now === undefined ? [] : [{ ...now, outputs: { ...now.outputs, ...more } }],
            fabric: false,
          };
        });
      }
      return { id, outputs };
    } catch (error) {
      throw initFailed(id, record, error);
    }
  }

  /** Words a refusal as the provider does; a resource whose records are written is kept though the network failed. */
  private async refusable<T>(type: ResourceType, what: string, action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof FabricFailed) {
        const record = recordIn(error.value);
        if (record !== undefined) throw initFailed(type.idOf?.(record) ?? record.id, record, error);
      }
      const message =
        error instanceof ProviderError
          ? error.message
          : error instanceof ApiError
            ? `${what}: operation error EC2: ${error.action ?? action}, api error ${error.code}: ${error.message}`
            : `${what}: ${messageOf(error)}`;
      throw new Error(type.pluginFramework === true ? message : `1 error occurred:\n\t* ${message}\n\n`, {
        cause: error,
      });
    }
  }
}

const types = [...resourceTypes.values()];

function refuseDelete(type: ResourceType, record: ResourceRecord, records: Records): void {
  type.refuseDelete?.(record, records);
  refuseHeld(type, record, records, types);
}

/**
 * What a call changes: the fabric has to follow when it reads any of the records.
 *
 * @param all records before the change
 */
function changeSet<T>(
  all: readonly ResourceRecord[],
  value: T,
  put: readonly ResourceRecord[],
  remove: readonly string[],
): ChangeSet<T> {
  const marked = put.map((record): ResourceRecord =>
    resourceTypes.get(record.type)?.fabric === false ? { ...record, fabric: false } : record,
  );
  const removed = new Set(remove);
  const changed = [...marked, ...all.filter(({ id }) => removed.has(id))];
  return { value, put: marked, remove, fabric: changed.some(({ fabric }) => fabric !== false) };
}

/** The declaration of a URN's type. */
function typeOf(urn: string): ResourceType {
  const token = typeInUrn(urn);
  const type = resourceTypes.get(token);
  if (type !== undefined) return type;
  throw new Error(
    `the lab does not model the resource type ${token}. It models ${[...resourceTypes.keys()].sort().join(", ")}`,
  );
}

function typeName(type: ResourceType): string {
  return type.token.split(":").at(-1) ?? type.token;
}

function plannedBlock(schema: Inputs, block: PropertyMap): PropertyMap {
  const outputs: PropertyMap = {};
  for (const [name, input] of Object.entries(schema))
    outputs[name] = block[name] ?? (input.computed === true ? UNKNOWN : unsetValue(input));
  return outputs;
}

function withoutDefaults(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "__defaults"));
}

/** Outputs of what has been made: what AWS did not choose after all has no value. */
function known(outputs: PropertyMap, type: ResourceType): PropertyMap {
  const entries = Object.entries(outputs).flatMap(([name, value]): [string, PropertyValue][] => {
    const input = type.inputs[name];
    if (isKnown(value)) return [[name, value]];
    if (input === undefined || !(isBlock(input.kind) && isMap(value)))
      return [[name, input === undefined ? "" : unsetValue(input)]];
    return [[name, Object.fromEntries(Object.entries(value).filter(([, item]) => isKnown(item)))]];
  });
  return Object.fromEntries(entries);
}

/** Old inputs with the values that the resource has now: this is how drift gets into a diff. */
function follow(schema: Inputs, olds: PropertyMap, outputs: PropertyMap): PropertyMap {
  const entries = Object.entries(olds).map(([name, old]): [string, PropertyValue] => {
    const input = schema[name];
    const now = outputs[name];
    if (input === undefined || now === undefined || name === "__defaults") return [name, old];
    if (isBlock(input.kind) && isMap(old) && isMap(now)) return [name, follow(input.kind.block, old, now)];
    const canonical = input.canonical ?? ((value: PropertyValue) => value);
    // In the user's spelling as long as it means the same.
    return [
      name,
      sameProperties(canonical(old), canonical(now)) || sameProperties(withoutDefaults(old), now) ? old : now,
    ];
  });
  return Object.fromEntries(entries);
}

/** A resource that is there, but not as it should be: the engine keeps it, and updates it the next time. */
function initFailed(id: string, { outputs }: ResourceRecord, cause: unknown): ResourceInitFailed {
  return new ResourceInitFailed(messageOf(cause), id, outputs, { cause });
}

function recordIn(value: unknown): ResourceRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ("after" in value) return recordIn(value.after);
  return "outputs" in value && "urn" in value ? (value as ResourceRecord) : undefined;
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof ApiError && error.cause.code === "DependencyViolation";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
