import type { CheckFailure } from "../../../wire/check-failure";
import type { Severity } from "../../../wire/engine-log";
import type { PropertyDiff } from "../../../wire/property-diff";
import type { Unknowable } from "../../../wire/property-value";
import type { ProviderConfig } from "../provider-config";

/** What every call to a resource is given besides its properties. */
export interface OperationContext {
  readonly urn: string;
  /** Compute what can be computed, touch nothing; values may be UNKNOWN, also where the types say otherwise. */
  readonly preview: boolean;
  /** Aborted when the user cancels. */
  readonly signal: AbortSignal;
  /** From `customTimeouts`, seconds. */
  readonly timeout?: number;
  readonly config: ProviderConfig;
  /** Shows in the resource's row until the next one. */
  status(message: string): void;
  /** Stays in the display, under the resource's name. */
  log(severity: Severity, message: string): Promise<void>;
}

export interface CheckResult<I> {
  readonly inputs: Unknowable<I>;
  readonly failures: readonly CheckFailure[];
}

export interface DiffResult {
  readonly changes: PropertyDiff;
  /** Of these, the top-level properties whose change replaces the resource. */
  readonly replaces?: readonly string[];
  /** The old one has to go before the new one comes, as both are the same thing on the same node. */
  readonly deleteBeforeReplace?: boolean;
  /** Outputs of which the change is, rather than inputs. */
  readonly outputChanges?: readonly string[];
}

export interface Existing<I, O> {
  readonly id: string;
  readonly inputs: I;
  readonly outputs: O;
}

/**
 * A resource with a life cycle, in terms of plain values: envelopes, unknowns outside previews and gRPC stay in
 * serve.ts. Inputs have the form that schema.json gives them. An error thrown by create means that nothing was made;
 * ResourceInitFailed that something was, and what.
 */
export interface CustomResource<I extends object, O extends object> {
  /** Beyond the form: fills in what is assigned, and says what is wrong, all at once. Default: inputs as they are. */
  check?(inputs: I, old: I | undefined, context: OperationContext): CheckResult<I> | Promise<CheckResult<I>>;
  diff(old: Existing<I, O>, inputs: I, context: OperationContext): DiffResult | Promise<DiffResult>;
  create(inputs: I, context: OperationContext): Promise<{ readonly id: string; readonly outputs: Unknowable<O> }>;
  /** What is there now; undefined when it is gone. */
  read(old: Existing<I, O>, context: OperationContext): Promise<O | undefined>;
  update(old: Existing<I, O>, inputs: I, context: OperationContext): Promise<Unknowable<O>>;
  delete(old: Existing<I, O>, context: OperationContext): Promise<void>;
}
