import type { Part } from "../node/part";
import type { SshTarget } from "../ssh/target";
import { type ChangeKind, sameProperties } from "../../../wire/property-diff";
import { isKnown, UNKNOWN, type Unknowable } from "../../../wire/property-value";
import { ResourceInitFailed } from "../../../wire/resource-init-failed";
import type { CustomResource, OperationContext } from "./custom-resource";
import { whatIsThere } from "./drift";
import type { RoutesInputs, RoutesOutputs } from "../generated/resource-types";
import type { NodeAccess, NodeAccessOptions } from "./node-access";

/**
 * Seconds that a refresh and a deletion give a node that does not answer: it was reached before, so it is not just
 * booting.
 */
const READ_DEADLINE = 30;
const DELETE_DEADLINE = 60;

/** What every resource on a node is given, and tells. */
export type OnNodeInputs = Pick<RoutesInputs, "node" | "instanceId" | "connection">;
export type PartOutputs = Pick<RoutesOutputs, "digest">;

/** The digest of a part that a node needs none of. */
const NONE = "none";

/** A kind of part: how it follows from the inputs of its resource. */
export interface PartKind<I extends OnNodeInputs, O extends PartOutputs> {
  /** What users call it, e.g. "IPIP tunnel". */
  title(inputs: I): string;
  partName(inputs: I): string;
  /** The inputs that the part is made from: as long as one is unknown, so is the part. */
  readonly madeFrom: readonly (keyof I & string)[];
  /** Inputs whose change makes it another part, besides node and instance. */
  readonly identity: readonly (keyof I & string)[];
  /** Undefined where the node needs none. @throws RangeError for inputs that are none of their kind */
  render(inputs: I): Part | undefined;
  outputs(digest: string, inputs: I): O;
}

/**
 * A resource that is a part on a node. It is compared by digest: what the inputs say now, and what was last seen there.
 * So a new host, key or proxy command pushes nothing, and a part that someone changed on the node is pushed again after
 * a refresh has seen it. A new instance is an update: what stood on the former one ended with it, and nobody asks that
 * one to take it off. Nothing of this connects to the node in check, diff or preview.
 */
export function partResource<I extends OnNodeInputs, O extends PartOutputs>(
  kind: PartKind<I, O>,
  access: NodeAccess,
): CustomResource<I, O> {
  const computable = (inputs: I): boolean => kind.madeFrom.every((key) => isKnown(inputs[key]));
  const expected = (inputs: I): string => kind.render(inputs)?.digest ?? NONE;

  const push = async (id: string, inputs: I, old: string, context: OperationContext): Promise<Unknowable<O>> => {
    if (context.preview)
      return computable(inputs)
        ? kind.outputs(expected(inputs), inputs)
        : { ...kind.outputs("", inputs), digest: UNKNOWN };
    const part = kind.render(inputs);
    const target = targetOf(inputs, context);
    const options = optionsOf(context, context.timeout ?? context.config.sshDeadline);
    try {
      if (part !== undefined) await access.push(target, part, options);
      else if (old !== NONE) await access.remove(target, kind.partName(inputs), options);
    } catch (error) {
      if (access.isUnreachable(error))
        throw new Error(
          `${kind.title(inputs)} of node ${inputs.node} could not be brought there: ${messageOf(error)}`,
          { cause: error },
        );
      if (!access.isPartial(error)) throw error;
      const message = `${kind.title(inputs)} of node ${inputs.node} is not in force: ${messageOf(error)}`;
      throw new ResourceInitFailed(message, id, kind.outputs("", inputs), { cause: error });
    }
    return kind.outputs(part?.digest ?? NONE, inputs);
  };

  return {
    check(inputs) {
      if (!computable(inputs)) return { inputs, failures: [] };
      try {
        kind.render(inputs);
        return { inputs, failures: [] };
      } catch (error) {
        return { inputs, failures: [{ property: "", reason: messageOf(error) }] };
      }
    },

    diff(old, inputs) {
      const changes = new Map<string, ChangeKind>();
      const replaces: string[] = [];
      for (const key of ["node", "instanceId", ...kind.identity] as const) {
        if (sameProperties(Reflect.get(old.inputs, key), Reflect.get(inputs, key))) continue;
        changes.set(key, "update");
        if (key !== "instanceId") replaces.push(key);
      }
      if (!computable(inputs)) {
        for (const key of kind.madeFrom) if (!isKnown(inputs[key]) && !changes.has(key)) changes.set(key, "update");
      } else if (expected(inputs) !== old.outputs.digest) changes.set("digest", "update");
      return {
        changes,
        replaces,
        outputChanges: ["digest"],
        deleteBeforeReplace: kind.partName(old.inputs) === kind.partName(inputs),
      };
    },

    async create(inputs, context) {
      const id = `${inputs.node}/${kind.partName(inputs)}`;
      return { id, outputs: await push(id, inputs, NONE, context) };
    },

    update: (old, inputs, context) => push(old.id, inputs, old.outputs.digest, context),

    async read(old, context) {
      try {
        context.status(`reading ${kind.partName(old.inputs)} of ${old.inputs.node}`);
        const deadline = Math.min(READ_DEADLINE, context.config.sshDeadline);
        const parts = await access.read(targetOf(old.inputs, context), optionsOf(context, deadline));
        const part = parts.get(kind.partName(old.inputs));
        if (part === undefined && old.outputs.digest === NONE) return old.outputs;
        const digest = part && whatIsThere(part, kind.render(old.inputs), old.outputs.digest);
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
      if (old.outputs.digest === NONE) return;
      try {
        const deadline = context.timeout ?? Math.min(DELETE_DEADLINE, context.config.sshDeadline);
        await access.remove(targetOf(old.inputs, context), kind.partName(old.inputs), optionsOf(context, deadline));
      } catch (error) {
        if (!access.isUnreachable(error)) throw error;
        const message = `${kind.title(old.inputs)} of node ${old.inputs.node} could not be removed: ${messageOf(error)}`;
        if (!context.config.deleteUnreachable)
          throw new Error(`${message}. When the node is gone for good, ${GONE}`, { cause: error });
        await context.log("warning", `${message}; taken as deleted, as deleteUnreachable says`);
      }
    },
  };
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

function optionsOf(context: OperationContext, deadline: number): NodeAccessOptions {
  return { signal: context.signal, deadlineMs: deadline * 1000, status: (message) => context.status(message) };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
