import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { isHostname } from "./node-spec";

/** What the lab does with an instance's user data: the part of cloud-init it models. */
export interface UserData {
  readonly hostname?: string;
  /** The ssh host key; without one the node makes its own. */
  readonly hostKey?: { readonly privateKey: string; readonly publicKey: string };
  readonly authorizedKeys: readonly string[];
  readonly writeFiles: readonly WriteFile[];
  /** Script that runs once, after sshd has started. */
  readonly commands?: string;
}

export interface WriteFile {
  readonly path: string;
  readonly content: Buffer;
  /** Octal, e.g. `0644`. */
  readonly permissions: string;
  /** `user:group`. */
  readonly owner: string;
  readonly append: boolean;
}

/**
 * User data that the lab does not honour: every problem, each with its line. Values are not quoted, as they may be
 * secret.
 */
export class UserDataError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The lab cannot honour this user data:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "UserDataError";
  }
}

const HONOURED =
  "hostname, packages, package_update, runcmd, ssh_authorized_keys, ssh_deletekeys, ssh_keys and write_files";

/**
 * Reads EC2 user data: `#cloud-config` with the keys above (docs of cloud-init 22.4, "All cloud config modules"), or a
 * `#!` script, which is run at first boot. Everything else is an error, so that no node silently differs from what it
 * is on AWS.
 *
 * @param base64 as EC2 takes it; undefined or empty: none
 * @param installed the image's Debian packages: `packages` can name these only, as a node reaches no mirror
 * @throws UserDataError
 */
export function parseUserData(base64: string | undefined, installed: ReadonlySet<string>): UserData {
  const none: UserData = { authorizedKeys: [], writeFiles: [] };
  if (base64 === undefined || base64.trim() === "") return none;
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(base64)) throw new UserDataError(["it is not base64."]);
  const bytes = Buffer.from(base64, "base64");
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw new UserDataError(["gzip is not supported; give it as plain text."]);
  const text = bytes.toString("utf8");
  if (text.startsWith("#!")) return { ...none, commands: text };
  if (!/^#cloud-config\s*(\n|$)/.test(text)) {
    throw new UserDataError([
      `line 1: it begins with neither "#cloud-config" nor "#!"; multi-part archives, includes and templates are not supported.`,
    ]);
  }
  return new CloudConfig(text, installed).read();
}

class CloudConfig {
  private readonly problems: string[] = [];
  private readonly lines = new LineCounter();
  private readonly document;

  constructor(
    text: string,
    private readonly installed: ReadonlySet<string>,
  ) {
    this.document = parseDocument(text, { lineCounter: this.lines, prettyErrors: false });
  }

  read(): UserData {
    // The parser's own messages may quote the text, which may hold a key: its error codes do not.
    for (const error of this.document.errors)
      this.problems.push(`line ${this.lines.linePos(error.pos[0]).line}: not YAML (${error.code}).`);
    const root = this.document.contents;
    if (this.problems.length === 0 && root !== null && !isMap(root)) this.problems.push("line 1: not a mapping.");
    this.done();
    const data: Mutable<UserData> = { authorizedKeys: [], writeFiles: [] };
    if (root === null || !isMap(root)) return data;
    for (const { key } of root.items) {
      const name = isScalar(key) ? String(key.value) : "?";
      const where = `line ${isScalar(key) && key.range ? this.lines.linePos(key.range[0]).line : 1}: ${name}`;
      const value = (this.document.toJS() as Readonly<Record<string, unknown>>)[name];
      switch (name) {
        case "hostname":
          if (typeof value === "string" && isHostname(value)) data.hostname = value;
          else this.problems.push(`${where} is not a host name (RFC 1123).`);
          break;
        case "ssh_keys":
          data.hostKey = this.hostKey(where, value);
          break;
        case "ssh_deletekeys":
        case "package_update":
          // The image has no host keys to delete, and its package lists are what they are.
          if (typeof value !== "boolean") this.problems.push(`${where} is not true or false.`);
          break;
        case "ssh_authorized_keys":
          data.authorizedKeys = this.strings(where, value).flatMap((line, i) => {
            if (/^[^\n]*(ssh-|ecdsa-|sk-)[^\n]* AAAA[^\n]*\n?$/.test(line)) return [line.trim()];
            this.problems.push(`${where}[${i}] is not a line of authorized_keys.`);
            return [];
          });
          break;
        case "packages":
          for (const name of this.strings(where, value)) {
            if (!this.installed.has(name))
              this.problems.push(
                `${where}: the lab's image has no package "${name}". Add it to lab/image/packages and run scripts/setup.`,
              );
          }
          break;
        case "write_files":
          data.writeFiles = this.writeFiles(where, value);
          break;
        case "runcmd":
          data.commands = this.runcmd(where, value);
          break;
        default:
          this.problems.push(`${where} is not supported by the lab, which honours ${HONOURED}.`);
      }
    }
    this.done();
    return data;
  }

  private done(): void {
    if (this.problems.length > 0) throw new UserDataError(this.problems);
  }

  private strings(where: string, value: unknown): string[] {
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    this.problems.push(`${where} is not a list of strings.`);
    return [];
  }

  private hostKey(where: string, value: unknown): UserData["hostKey"] {
    if (!isRecord(value)) return void this.problems.push(`${where} is not a mapping.`);
    for (const key of Object.keys(value)) {
      if (key !== "ed25519_private" && key !== "ed25519_public") {
        this.problems.push(`${where}.${key} is not supported by the lab; give ed25519_private and ed25519_public.`);
      }
    }
    const { ed25519_private: privateKey, ed25519_public: publicKey } = value;
    if (typeof privateKey !== "string" || !privateKey.trimStart().startsWith("-----BEGIN OPENSSH PRIVATE KEY-----")) {
      return void this.problems.push(`${where}.ed25519_private is not a private key in OpenSSH's format.`);
    }
    if (typeof publicKey !== "string" || !/^ssh-ed25519 AAAA[A-Za-z0-9+/=]+( [^\n]*)?\s*$/.test(publicKey)) {
      return void this.problems.push(`${where}.ed25519_public is not "ssh-ed25519 AAAA…".`);
    }
    return { privateKey: privateKey.trim() + "\n", publicKey: publicKey.trim() + "\n" };
  }

  private writeFiles(where: string, value: unknown): WriteFile[] {
    if (!Array.isArray(value)) return (this.problems.push(`${where} is not a list.`), []);
    return value.flatMap((item: unknown, i): WriteFile[] => {
      const at = `${where}[${i}]`;
      if (!isRecord(item)) return (this.problems.push(`${at} is not a mapping.`), []);
      const {
        path,
        content = "",
        permissions = "0644",
        owner = "root:root",
        encoding = "text/plain",
        append = false,
        ...others
      } = item;
      const before = this.problems.length;
      for (const key of Object.keys(others)) {
        this.problems.push(
          `${at}.${key} is not supported by the lab, which honours path, content, permissions, owner, encoding and append.`,
        );
      }
      if (typeof path !== "string" || !/^\/[^\0\n]*[^/\0\n]$/.test(path))
        this.problems.push(`${at}.path is not an absolute path of a file.`);
      if (typeof content !== "string") this.problems.push(`${at}.content is not a string.`);
      if (typeof permissions !== "string" || !/^0?[0-7]{3,4}$/.test(permissions))
        this.problems.push(`${at}.permissions is not an octal string such as "0644".`);
      if (typeof owner !== "string" || !/^[a-z_][a-z0-9_-]*(:[a-z_][a-z0-9_-]*)?$/.test(owner))
        this.problems.push(`${at}.owner is not "user:group".`);
      if (typeof append !== "boolean") this.problems.push(`${at}.append is not true or false.`);
      if (encoding !== "text/plain" && encoding !== "b64" && encoding !== "base64")
        this.problems.push(`${at}.encoding is not text/plain, b64 or base64.`);
      if (this.problems.length > before) return [];
      return [
        {
          path: String(path),
          content: Buffer.from(String(content), encoding === "text/plain" ? "utf8" : "base64"),
          permissions: String(permissions),
          owner: String(owner),
          append: append === true,
        },
      ];
    });
  }

  /**
   * As cloud-init's `shellify`: a string is a line for sh, a list is a command whose arguments are quoted; a failure
   * stops nothing.
   */
  private runcmd(where: string, value: unknown): string | undefined {
    if (!Array.isArray(value)) return void this.problems.push(`${where} is not a list.`);
    const lines = value.map((item: unknown, i) => {
      if (typeof item === "string") return item;
      if (
        Array.isArray(item) &&
        item.length > 0 &&
        item.every((word) => typeof word === "string" || typeof word === "number")
      ) {
        return item.map((word) => shellQuote(String(word))).join(" ");
      }
      this.problems.push(`${where}[${i}] is neither a string nor a list of strings.`);
      return "";
    });
    return ["#!/bin/sh", ...lines, ""].join("\n");
  }
}

/** One word for a POSIX shell, whatever it holds. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
