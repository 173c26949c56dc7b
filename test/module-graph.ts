import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";

/** What each module imports: paths from the project's root without `.ts`, and names of packages. */
export type ModuleGraph = ReadonlyMap<string, readonly string[]>;

/** What a room, a folder or a file, may import. */
export interface Room {
  /** Rooms and files beside its own; all that is in a folder. */
  readonly may: readonly string[];
  /** The only packages it may import, itself and by way of others; default: any. */
  readonly packages?: readonly string[];
}

/** Rooms by their path; a file is in the room with the longest path that it is under. */
export type Rooms = Readonly<Record<string, Room>>;

/** The modules under some folders. */
export function readModules(root: string, folders: readonly string[]): ModuleGraph {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return new Map(
    files.map((file) => {
      const imports = importsOf(readFileSync(file, "utf8")).map((target) =>
        target.startsWith(".") ? relative(root, resolve(dirname(file), target)) : target,
      );
      return [relative(root, file).replace(/\.ts$/, ""), imports];
    }),
  );
}

/** What a module's text imports, types included, however it says so. */
export function importsOf(text: string): string[] {
  const types: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal))
      types.push(node.argument.literal.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("module.ts", text, ts.ScriptTarget.Latest));
  return [...ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName), ...types];
}

/** Groups of modules that import each other, directly or by way of others; each sorted, and they, too. */
export function cyclesIn(graph: ModuleGraph): string[][] {
  const reached = new Map([...graph.keys()].map((module) => [module, reachableFrom(module, graph)]));
  const groups = [...graph.keys()]
    .filter((module) => reached.get(module)?.has(module))
    .map((module) =>
      [...(reached.get(module) ?? [])]
        .filter((other) => reached.get(other)?.has(module) === true)
        .sort()
        .join(" "),
    );
  return [...new Set(groups)].sort().map((group) => group.split(" "));
}

/** Every import that a room forbids, as `who imports what`. */
export function wrongImports(graph: ModuleGraph, rooms: Rooms): string[] {
  return [...graph].flatMap(([module, targets]) => {
    const name = roomOf(module, rooms);
    const room = name === undefined ? undefined : rooms[name];
    if (name === undefined || room === undefined) return [`${module} is in no room`];
    const direct = targets.filter((target) => isOfProject(target) && !isAllowed(target, name, room, rooms));
    const { packages } = room;
    const foreign =
      packages === undefined
        ? []
        : [...targets, ...[...reachableFrom(module, graph)].flatMap((other) => graph.get(other) ?? [])].filter(
            (target) => !isOfProject(target) && !packages.includes(target),
          );
    return [...new Set([...direct, ...foreign])].map((target) => `${module} imports ${target}`);
  });
}

/** The room of a module. */
export function roomOf(module: string, rooms: Rooms): string | undefined {
  return Object.keys(rooms)
    .filter((room) => isUnder(module, room))
    .sort((a, b) => b.length - a.length)[0];
}

function isAllowed(target: string, name: string, room: Room, rooms: Rooms): boolean {
  if (roomOf(target, rooms) === name) return true;
  return room.may.some((allowed) => isUnder(target, allowed));
}

function isUnder(module: string, folder: string): boolean {
  return module === folder || module.startsWith(`${folder}/`);
}

/** Packages have no path of ours. */
function isOfProject(target: string): boolean {
  return /^(provider|lab|cli|wire|terminal|test|bench)(\/|$)/.test(target);
}

function reachableFrom(module: string, graph: ModuleGraph): Set<string> {
  const reached = new Set<string>();
  const waiting = [...(graph.get(module) ?? [])];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!graph.has(next) || reached.has(next)) continue;
    reached.add(next);
    waiting.push(...(graph.get(next) ?? []));
  }
  return reached;
}
