import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** A Debian release that nodes can have: a folder of lab/image/systems. */
export type Suite = "bookworm" | "trixie";

/** One lab: one AWS account's worth of networks and nodes, told apart from other labs by its state directory. */
export interface Lab {
  /** 8 hex digits. Every namespace of the lab is named `lab-<id>-…`. */
  readonly id: string;
  /** The state directory, absolute. */
  readonly state: string;
  /** Records, one JSON file each. */
  readonly resources: string;
  /** The file locked while the lab changes. */
  readonly lock: string;
  /**
   * The directory of a release's image in use (`linux`, `base.img`, `packages`); it exists once set-up has made that
   * image.
   */
  image(suite: Suite): string;
  /** Where one node's disk, console log and process ids are kept. Not created by asking. */
  nodeDir(instanceId: string): string;
}

/**
 * The project's root: the nearest folder above this file that holds lab/image/build (this file runs from lab/ and
 * out/lab/).
 */
export function projectRoot(): string {
  for (let dir = __dirname; ; dir = dirname(dir)) {
    if (existsSync(join(dir, "lab", "image", "build"))) return dir;
    if (dir === dirname(dir))
      throw new Error(`No project root above ${__dirname}: none of the folders holds lab/image/build`);
  }
}

/**
 * The lab's state directory: `$OVERLAYNET_LAB_STATE`, else `$XDG_STATE_HOME/overlaynet/lab`, else
 * `~/.local/state/overlaynet/lab`.
 */
export function labStateDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(
    env["OVERLAYNET_LAB_STATE"] ||
      join(env["XDG_STATE_HOME"] || join(homedir(), ".local", "state"), "overlaynet", "lab"),
  );
}

/**
 * Opens the lab of a state directory; the directory (mode 0700) and the lab's id are made at first use.
 * Processes that open a new lab at the same moment agree on one id.
 *
 * @param state absolute or relative path, default {@link labStateDirectory}
 * @throws when the directory cannot be made, or its `id` file is not 8 hex digits
 */
export function openLab(state: string = labStateDirectory()): Lab {
  const dir = resolve(state);
  mkdirSync(join(dir, "resources"), { recursive: true, mode: 0o700 });
  return {
    id: labId(join(dir, "id")),
    state: dir,
    resources: join(dir, "resources"),
    lock: join(dir, "lock"),
    image: (suite) => join(projectRoot(), ".overlaynet", suite === "bookworm" ? "image" : `image-${suite}`),
    nodeDir: (instanceId) => {
      // The id ends up in paths that are removed recursively.
      if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(instanceId)) throw new Error(`"${instanceId}" is not an instance id`);
      return join(dir, "nodes", instanceId);
    },
  };
}

function labId(file: string): string {
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, randomBytes(4).toString("hex") + "\n");
    try {
      linkSync(draft, file);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    } finally {
      rmSync(draft);
    }
  }
  const id = readFileSync(file, "utf8").trim();
  if (!/^[0-9a-f]{8}$/.test(id))
    throw new Error(`${file} holds no lab id (8 hex digits). Run "overlaynet lab destroy --all", then remove the file`);
  return id;
}
