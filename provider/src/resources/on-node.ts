import { fileDigest } from "../node/digest";
import type { Part } from "../node/part";
import type { SshTarget } from "../ssh/target";
import { type ChangeKind, sameProperties } from "../../../wire/property-diff";
import { isKnown, UNKNOWN, type Unknowable } from "../../../wire/property-value";
import { ResourceInitFailed } from "../../../wire/resource-init-failed";
import type { ProviderConfig } from "../provider-config";
import type { CustomResource, OperationContext } from "./custom-resource";
import { type FileDigests, keptDigests, whatIsThere } from "./drift";
import type { RoutesInputs, RoutesOutputs } from "../generated/resource-types";
import type { NodeAccess, NodeAccessOptions } from "./node-access";

/**
 * Seconds that a refresh and a deletion give a node that does not answer: it was reached before, so it is not just
 * booting.
 */
const READ_DEADLINE = 30;
const DELETE_DEADLINE = 60;

/** What every resource on a node is given, and tells. */
export type OnNodeInputs = Pick<RoutesInputs, "node" | "incarnation" | "connection" | "owner" | "unreachable">;
export type PartOutputs = Pick<RoutesOutputs, "digest" | "files">;

/** The digest of a part that a node needs none of. */
const NONE = "none";
/** The digest of a part on a node that was not reached, where that is to stop nothing. */
const SKIPPED = "skipped";

/** A kind of part: how it follows from the inputs of its resource. */
export interface PartKind<I extends OnNodeInputs, O extends PartOutputs> {
  /** What users call it, e.g. "IPIP tunnel". */
  title(inputs: I): string;
  partName(inputs: I): string;
  /** The inputs that the part is made from, beside the node's name: as long as one is unknown, so is the part. */
  readonly madeFrom: readonly (keyof I & string)[];
  /** Inputs whose change makes it another part, besides the node. */
  readonly identity: readonly (keyof I & string)[];
  /** Whether this process has what the inputs refer to. An old state may refer to what nobody knows any more. */
  isFound?(inputs: I): boolean;
  /** Undefined where the node needs none. @throws RangeError for inputs that are none of their kind */
  render(inputs: I): Part | undefined;
  /** The names of all parts that the node is to have: where it was skipped before, others are left from then. */
  planned?(inputs: I): ReadonlySet<string>;
  outputs(part: Unknowable<PartOutputs>, inputs: I): Unknowable<O>;
}

/**
 * A resource that is a part on a node. It is compared by digest: what the inputs say now, and what was last seen there.
 * So a new host, key or proxy command pushes nothing, and a part that someone changed on the node is pushed again after
 * a refresh has seen it. A new incarnation is an update: what stood on the former machine ended with it, and nobody
 * asks that one to take it off. Nothing of this connects to the node in check, diff or preview.
 */
export function partResource<I extends OnNodeInputs, O extends PartOutputs>(
  kind: PartKind<I, O>,
  access: NodeAccess,
): CustomResource<I, O> {
  const computable = (inputs: I): boolean => kind.madeFrom.every((key) => isKnown(inputs[key])) && isKnown(inputs.node);
  const isFound = (inputs: I): boolean => kind.isFound?.(inputs) ?? true;
  const memo = new Map<string, PartOutputs>();
  /** A part is asked for some four times an update, and takes time linear in the nodes; its digests are kept. */
  const summary = (inputs: I): PartOutputs => {
    const key = JSON.stringify(["node", ...kind.madeFrom].map((name) => Reflect.get(inputs, name) as unknown));
    let known = memo.get(key);
    if (known === undefined) memo.set(key, (known = summaryOf(kind.render(inputs))));
    return known;
  };

  const push = async (id: string, inputs: I, old: PartOutputs, context: OperationContext): Promise<Unknowable<O>> => {
    if (context.preview)
      return kind.outputs(computable(inputs) ? summary(inputs) : { digest: UNKNOWN, files: UNKNOWN }, inputs);
    const part = kind.render(inputs);
    const target = targetOf(inputs, context);
    const options = optionsOf(inputs, context, context.timeout ?? context.config.sshDeadline);
    try {
      if (part !== undefined) await unlessSkipped(inputs, context, () => access.push(target, part, options));
      else if (old.digest !== NONE)
        await unlessSkipped(inputs, context, () => access.remove(target, kind.partName(inputs), options));
      if (old.digest === SKIPPED && kind.planned !== undefined) await sweep(kind.planned(inputs), target, options);
    } catch (error) {
      if (access.isUnreachable(error)) {
        const message = `${kind.title(inputs)} of node ${inputs.node} could not be brought there: ${messageOf(error)}`;
        if (inputs.unreachable !== "Skip") throw new Error(message, { cause: error });
        await context.log("warning", `${message}; skipped, the next update tries again`);
        return kind.outputs({ digest: SKIPPED, files: old.files }, inputs);
      }
      if (!access.isPartial(error)) throw error;
      const message = `${kind.title(inputs)} of node ${inputs.node} is not in force: ${messageOf(error)}`;
      throw new ResourceInitFailed(message, id, kind.outputs({ digest: "", files: old.files }, inputs), {
        cause: error,
      });
    }
    return kind.outputs(summaryOf(part), inputs);
  };

  /** A node that was not reached is not waited for again in the same update. */
  const unlessSkipped = async (inputs: I, { config }: OperationContext, action: () => Promise<void>): Promise<void> => {
    const lost = lostIn(config);
    const place = `${inputs.connection.host} ${inputs.connection.port}`;
    const before = inputs.unreachable === "Skip" ? lost.get(place) : undefined;
    if (before !== undefined) throw before;
    try {
      await action();
    } catch (error) {
      if (error instanceof Error && access.isUnreachable(error)) lost.set(place, error);
      throw error;
    }
  };

  /** Takes off a node what was to go while it was away. */
  const sweep = async (planned: ReadonlySet<string>, target: SshTarget, options: NodeAccessOptions): Promise<void> => {
    const there = await access.read(target, options);
    for (const name of there.keys()) if (!planned.has(name)) await access.remove(target, name, options);
  };

  return {
    check(inputs) {
      if (!computable(inputs)) return { inputs, failures: [] };
      try {
        summary(inputs);
        return { inputs, failures: [] };
      } catch (error) {
        return { inputs, failures: [{ property: "", reason: messageOf(error) }] };
      }
    },

    diff(old, inputs) {
      const changes = new Map<string, ChangeKind>();
      const replaces: string[] = [];
      for (const key of ["node", "incarnation", ...kind.identity] as const) {
        if (sameProperties(Reflect.get(old.inputs, key), Reflect.get(inputs, key))) continue;
        changes.set(key, "update");
        if (key !== "incarnation") replaces.push(key);
      }
      if (!computable(inputs)) {
        for (const key of kind.madeFrom) if (!isKnown(inputs[key]) && !changes.has(key)) changes.set(key, "update");
      } else if (isFound(inputs)) {
        if (summary(inputs).digest !== old.outputs.digest) changes.set("digest", "update");
      } else {
        // The engine asks so with a state's own inputs: in a refresh without the program, or when something that they
        // depend on is to be replaced. What stands there is told by words where it is not what was brought there.
        for (const key of kind.madeFrom)
          if (!sameProperties(old.inputs[key], inputs[key]) && !changes.has(key)) changes.set(key, "update");
        if (!isDigest(old.outputs.digest)) changes.set("digest", "update");
      }
      return {
        changes,
        replaces,
        outputChanges: ["digest"],
        deleteBeforeReplace: kind.partName(old.inputs) === kind.partName(inputs),
      };
    },

    async create(inputs, context) {
      const id = `${inputs.node}/${kind.partName(inputs)}`;
      return { id, outputs: await push(id, inputs, summaryOf(undefined), context) };
    },

    update: (old, inputs, context) => push(old.id, inputs, old.outputs, context),

    async read(old, context) {
      try {
        context.status(`reading ${kind.partName(old.inputs)} of ${old.inputs.node}`);
        const deadline = Math.min(READ_DEADLINE, context.config.sshDeadline);
        const parts = await access.read(targetOf(old.inputs, context), optionsOf(old.inputs, context, deadline));
        const part = parts.get(kind.partName(old.inputs));
        if (part === undefined && (old.outputs.digest === NONE || old.outputs.digest === SKIPPED)) return old.outputs;
        const expected = isFound(old.inputs) ? summary(old.inputs).digest : undefined;
        const digest = part && whatIsThere(part, [old.outputs.digest, expected], old.outputs.files);
        if (digest === old.outputs.digest) return old.outputs;
        const drift = digest === undefined ? "is not there any more" : `is not what was brought there (${digest})`;
        await context.log(
          "warning",
          `${kind.title(old.inputs)} of node ${old.inputs.node} ${drift}; the next update mends it`,
        );
        return digest === undefined ? undefined : { ...old.outputs, digest };
      } catch (error) {
        if (!access.isUnreachable(error)) throw error;
        if (context.config.deleteUnreachable) return undefined;
        await context.log(
          "warning",
          `taken as unchanged: ${messageOf(error)}. When the node is gone for good, ${GONE}`,
        );
        return old.outputs;
      }
    },

    async delete(old, context) {
      const { inputs, outputs } = old;
      if (outputs.digest === NONE) return;
      try {
        const deadline = context.timeout ?? Math.min(DELETE_DEADLINE, context.config.sshDeadline);
        const target = targetOf(inputs, context);
        const options = optionsOf(inputs, context, deadline);
        await unlessSkipped(inputs, context, () => access.remove(target, kind.partName(inputs), options));
      } catch (error) {
        const message = `${kind.title(inputs)} of node ${inputs.node} could not be removed: ${messageOf(error)}`;
        // A node gets another owner only once nothing of the former one is on it.
        if (access.isOwnedByOther(error)) return context.log("warning", `${message}; nothing of this stack is there`);
        if (!access.isUnreachable(error)) throw error;
        if (context.config.deleteUnreachable) {
          await context.log("warning", `${message}; taken as deleted, as deleteUnreachable says`);
        } else if (inputs.unreachable === "Skip") {
          await context.log(
            "warning",
            `${message}; skipped. If the node stays in the overlay, the update that reaches it removes it`,
          );
        } else throw new Error(`${message}. When the node is gone for good, ${GONE}`, { cause: error });
      }
    },
  };
}

function isDigest(text: string): boolean {
  return text === NONE || /^[0-9a-f]{64}$/.test(text);
}

function summaryOf(part: Part | undefined): PartOutputs {
  const files = new Map(part?.files.map(({ name, content }) => [name, fileDigest(content)]));
  return { digest: part?.digest ?? NONE, files: keptDigests(files) satisfies FileDigests };
}

/** One configuration is one run of Pulumi, also where a plugin outlives it under a debugger. */
const LOST = new WeakMap<ProviderConfig, Map<string, Error>>();

function lostIn(config: ProviderConfig): Map<string, Error> {
  let lost = LOST.get(config);
  if (lost === undefined) LOST.set(config, (lost = new Map<string, Error>()));
  return lost;
}

/** The environment, as a destroy takes the provider's configuration from the state. */
const GONE =
  "run this again with OVERLAYNET_DELETE_UNREACHABLE=true in the environment: what stood on it is then taken as deleted";

/** The provider's proxy command carries connections that name none. */
function targetOf({ connection }: OnNodeInputs, { config }: OperationContext): SshTarget {
  return connection.proxyCommand === undefined && config.proxyCommand !== undefined
    ? { ...connection, proxyCommand: config.proxyCommand }
    : connection;
}

function optionsOf({ owner }: OnNodeInputs, context: OperationContext, deadline: number): NodeAccessOptions {
  return { owner, signal: context.signal, deadlineMs: deadline * 1000, status: (message) => context.status(message) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
