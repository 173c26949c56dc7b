import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, Parser, type Scalar, type Tags } from "yaml";
import { isArray, isObject, type ManifestEntry, type ManifestValue, MAX_DEPTH, type Position } from "./manifest-value";
import type { Problem } from "./problem";

/** Characters of one input; some 15,000 IP pools. The time to read is linear in it, about half a second per million. */
export const MAX_TEXT_LENGTH = 4 * 1024 * 1024;
/** Aliases of one document: go-yaml refuses "excessive aliasing" as well. */
const MAX_ALIASES = 100;

export interface YamlDocument {
  /** Absent when the text of the document is no YAML. */
  readonly value?: ManifestValue;
  readonly problems: readonly Problem[];
}

/**
 * The documents of a YAML or JSON text, empty ones left out, with scalars typed as Calico's go-yaml types them: YAML 1.1, so that `yes` is true,
 * without its dates, which go-yaml leaves as text, and sexagesimal numbers, which it does not know. Never throws for what the text holds.
 */
export function readYamlDocuments(text: string): YamlDocument[] {
  if (text.length > MAX_TEXT_LENGTH) {
    return [{ problems: [{ path: "", message: `the input has ${text.length} characters; at most ${MAX_TEXT_LENGTH} are read. Split it into several` }] }];
  }
  const lines = new LineCounter();
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({ schema: "yaml-1.1", customTags: goYamlTags, resolveKnownTags: false, uniqueKeys: false });
  const documents: YamlDocument[] = [];
  for (const document of composer.compose(parser.parse(text))) {
    const read = new DocumentReader(document, lines).read();
    const empty = read.problems.length === 0 && (read.value === undefined || read.value.value === null);
    if (!empty) documents.push(read);
  }
  return documents;
}

const UNKNOWN_TO_GO_YAML = new Set(["binary", "omap", "pairs", "set", "timestamp", "merge"].map((name) => `tag:yaml.org,2002:${name}`));

function goYamlTags(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || !(UNKNOWN_TO_GO_YAML.has(tag.tag) || ("format" in tag && tag.format === "TIME")));
}

class DocumentReader {
  private readonly problems: Problem[] = [];
  /** Nodes with an anchor are read once and shared, so that aliases of aliases cost nothing. */
  private readonly anchored = new Map<Node, ManifestValue>();
  private readonly open = new Set<Node>();
  private aliases = 0;

  constructor(
    private readonly document: Document.Parsed,
    private readonly lines: LineCounter,
  ) {}

  read(): YamlDocument {
    for (const error of [...this.document.errors, ...this.document.warnings]) {
      // What the library says of a text that runs out of stack; a limit of ours would only be a smaller one.
      this.report(error.code === "RESOURCE_EXHAUSTION" ? "nested too deeply" : error.message, this.positionOf(error.pos[0]));
    }
    if (this.problems.length > 0) return { problems: this.problems };
    const value = this.valueOf(this.document.contents, 0);
    return this.problems.length > 0 ? { problems: this.problems } : { value, problems: [] };
  }

  private valueOf(node: Node | null, depth: number): ManifestValue {
    if (node === null) return { value: null };
    if (isAlias(node)) return this.aliasOf(node.source, node.resolve(this.document), this.position(node), depth);
    const known = this.anchored.get(node);
    if (known !== undefined) return known;
    if (depth > MAX_DEPTH) {
      this.report(`nested more than ${MAX_DEPTH} levels`, this.position(node));
      return { value: null };
    }
    this.open.add(node);
    const value = this.contentOf(node, depth);
    this.open.delete(node);
    if ("anchor" in node && node.anchor !== undefined) this.anchored.set(node, value);
    return value;
  }

  private contentOf(node: Node, depth: number): ManifestValue {
    const position = this.position(node);
    if (isSeq<Node>(node)) return { value: node.items.map((item) => this.valueOf(item, depth + 1)), position };
    if (isMap<Node, Node | null>(node)) return { value: this.entriesOf(node.items, depth), position };
    return { value: isScalar(node) ? scalarOf(node) : null, position };
  }

  private aliasOf(name: string, target: Node | undefined, position: Position | undefined, depth: number): ManifestValue {
    this.aliases++;
    if (this.aliases === MAX_ALIASES + 1) this.report("document contains excessive aliasing", position);
    if (this.aliases > MAX_ALIASES) return { value: null };
    if (target === undefined) this.report(`unknown anchor '${name}' referenced`, position);
    else if (this.open.has(target)) this.report(`anchor '${name}' value contains itself`, position);
    else return this.valueOf(target, depth);
    return { value: null };
  }

  private entriesOf(pairs: readonly Pair<Node, Node | null>[], depth: number): ReadonlyMap<string, ManifestEntry> {
    const entries = new Map<string, ManifestEntry>();
    const merged: ManifestValue[] = [];
    for (const { key, value } of pairs) {
      const keyPosition = this.position(key);
      const name = isAlias(key) ? key.resolve(this.document) : key;
      if (!isScalar(name)) {
        this.report("invalid map key: only scalars are keys", keyPosition);
      } else if (name.value === "<<" && name.type === "PLAIN") {
        merged.push(this.valueOf(value, depth + 1));
      } else {
        const text = String(name.value);
        if (entries.has(text)) this.report(`key "${text}" already set in map`, keyPosition);
        entries.set(text, { keyPosition, value: this.valueOf(value, depth + 1) });
      }
    }
    for (const source of merged.flatMap((value) => (isArray(value) ? value.value : [value]))) {
      if (isObject(source)) {
        for (const [name, entry] of source.value) if (!entries.has(name)) entries.set(name, entry);
      } else {
        this.report("map merge requires map or sequence of maps as the value", source.position);
      }
    }
    return entries;
  }

  private report(message: string, position: Position | undefined): void {
    this.problems.push({ path: "", message: `yaml: ${message}`, ...position });
  }

  private position(node: Node): Position | undefined {
    return node.range ? this.positionOf(node.range[0]) : undefined;
  }

  private positionOf(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function scalarOf(node: Scalar): string | number | boolean | null {
  switch (typeof node.value) {
    case "string":
    case "number":
    case "boolean":
      return node.value;
    case "bigint":
      return Number(node.value);
    default:
      return null;
  }
}
