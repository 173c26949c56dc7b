import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "./paths";
import type { ResourceRecord } from "./record";

const SUFFIX = ".json";

/**
 * The records of a lab. Each write is whole or not there, also for a reader in another process; whoever reads, decides
 * and then writes (an address to give out, a duplicate to refuse) does so under {@link withLock} of `lab.lock`.
 */
export class RecordStore {
  private readonly directory: string;

  constructor(lab: Lab) {
    this.directory = lab.resources;
  }

  /** All records, in the order of their ids. */
  list(): ResourceRecord[] {
    const names = readdirSync(this.directory).filter((name) => name.endsWith(SUFFIX) && !name.startsWith("."));
    return names
      .map((name) => this.read(name))
      .filter((record) => record !== undefined)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  get(id: string): ResourceRecord | undefined {
    return this.read(fileName(id));
  }

  /**
   * Writes a record, in place of an older one of the same resource. Records hold user data and with it host keys: mode
   * 0600.
   */
  put(record: ResourceRecord): void {
    const name = fileName(record.id);
    const other = this.read(name);
    if (other !== undefined && other.type !== record.type) {
      throw new Error(`${record.id} is a ${other.type}; a ${record.type} cannot have the same id`);
    }
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const draft = join(this.directory, `.${process.pid}-${randomBytes(6).toString("hex")}`);
    try {
      writeFileSync(draft, JSON.stringify(record, null, 2) + "\n", { mode: 0o600, flag: "wx" });
      renameSync(draft, join(this.directory, name));
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  }

  /** Removes a record; one that is not there is no error. */
  remove(id: string): void {
    rmSync(join(this.directory, fileName(id)), { force: true });
  }

  private read(name: string): ResourceRecord | undefined {
    const file = join(this.directory, name);
    let text: string;
    try {
      text = readFileSync(file, "utf8");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
    return parseRecord(file, text);
  }
}

/** Ids such as key names hold characters that file names cannot. */
function fileName(id: string): string {
  if (id === "") throw new Error("A record's id cannot be empty");
  return encodeURIComponent(id).replaceAll("*", "%2A").replace(/^\./, "%2E") + SUFFIX;
}

function parseRecord(file: string, text: string): ResourceRecord {
  const value: unknown = parseJson(file, text);
  if (!isObject(value)) throw notARecord(file);
  const { type, id, urn, inputs, outputs, internal, created, fabric } = value;
  if (typeof type !== "string" || typeof id !== "string" || typeof urn !== "string" || typeof created !== "number")
    throw notARecord(file);
  if (!isObject(inputs) || !isObject(outputs) || !isObject(internal)) throw notARecord(file);
  const record = { type, id, urn, inputs, outputs, internal, created };
  return fabric === false ? { ...record, fabric } : record;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is not JSON. Run "overlaynet lab destroy --all" and bring the lab up anew`, {
      cause: error,
    });
  }
}

function notARecord(file: string): Error {
  return new Error(`${file} is not a record of a resource (type, id, urn, inputs, outputs, internal, created)`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
