import type { ResourceRecord } from "../../state/record";
import type { Backend } from "./backend";

/** What one API call changes. */
export interface ChangeSet<T> {
  readonly value: T;
  readonly put?: readonly ResourceRecord[];
  readonly remove?: readonly string[];
  /** Whether the fabric has to follow. */
  readonly fabric: boolean;
}

/** Records changed, but Linux could not be made to hold what they say. */
export class FabricFailed<T> extends Error {
  constructor(
    readonly value: T,
    cause: unknown,
  ) {
    super(`the lab's network could not be set up: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = "FabricFailed";
  }
}

interface Waiting {
  readonly what: string;
  /**
   * Decides on the records, given them by id, and changes them; throws what the API refuses. Returns whether the fabric
   * has to follow.
   */
  run(records: Map<string, ResourceRecord>): boolean;
  done(failure: { readonly cause: unknown } | undefined): void;
  /** The lock was not to be had: nothing is decided. */
  fail(cause: unknown): void;
}

/**
 * The account behind the API. Calls are decided one after another on the same records; those that come while others are
 * at work share the lock and one pass over the fabric, as Pulumi makes many resources at once.
 */
export class Account {
  private readonly waiting: Waiting[] = [];
  private working = false;

  constructor(readonly backend: Backend) {}

  list(): ResourceRecord[] {
    return this.backend.list();
  }

  /**
   * Reads, decides and writes, undisturbed; returns when the fabric has followed.
   *
   * @throws what `decide` throws, with nothing changed; FabricFailed when the records are written and the fabric failed.
   * Records that
   *   were to be removed are back then, so that removing can be tried again.
   */
  change<T>(what: string, decide: (records: readonly ResourceRecord[]) => ChangeSet<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let result: ChangeSet<T> | undefined;
      let removed: readonly ResourceRecord[] = [];
      this.waiting.push({
        what,
        run: (records) => {
          try {
            const change = decide([...records.values()]);
            removed = (change.remove ?? []).flatMap((id) => records.get(id) ?? []);
            for (const record of change.put ?? []) {
              this.backend.put(record);
              records.set(record.id, record);
            }
            for (const { id } of removed) {
              this.backend.remove(id);
              records.delete(id);
            }
            result = change;
            return change.fabric;
          } catch (error) {
            reject(error);
            return false;
          }
        },
        done: (failure) => {
          if (result === undefined) return;
          if (failure === undefined || !result.fabric) return resolve(result.value);
          for (const record of removed) this.backend.put(record);
          reject(new FabricFailed(result.value, failure.cause));
        },
        fail: reject,
      });
      void this.work();
    });
  }

  private async work(): Promise<void> {
    if (this.working) return;
    this.working = true;
    while (this.waiting.length > 0) await this.workOff();
    this.working = false;
  }

  private async workOff(): Promise<void> {
    const batch: Waiting[] = [];
    let failure: { readonly cause: unknown } | undefined;
    try {
      await this.backend.locked(this.waiting[0]?.what ?? "", async () => {
        // Whoever came while this waited for the lock goes along.
        batch.push(...this.waiting.splice(0));
        const records = new Map(this.backend.list().map((record) => [record.id, record]));
        const followed = batch.filter((item) => item.run(records));
        if (followed.length > 0) await this.backend.reconcile([...records.values()]);
      });
    } catch (cause) {
      failure = { cause };
      if (batch.length === 0) for (const item of this.waiting.splice(0)) item.fail(cause);
    }
    for (const item of batch) item.done(failure);
  }
}
