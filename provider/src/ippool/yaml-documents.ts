import { Composer, type CST, type Document, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, type Pair, Parser, type Scalar, type Tags } from "yaml";
import { isArray, isObject, type ManifestEntry, type ManifestValue, MAX_DEPTH, type Position } from "./manifest-value";
import type { Problem } from "./problem";

/** Characters of one input. */
export const MAX_TEXT_LENGTH = 4 * 1024 * 1024;
/** Of one input; some 10,000 IP pools. What the library needs grows with them, up to a second and a gigabyte per million of the worst. */
const MAX_LEXEMES = 500_000;
/** Of one document; what follows mostly follows from the first. */
const MAX_PROBLEMS = 20;
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
  const composer = new Composer({ schema: "yaml-1.1", customTags: goYamlTags, resolveKnownTags: false, uniqueKeys: false });
  const documents: YamlDocument[] = [];
  const refuse = (message: string, offset: number): void => void documents.push({ problems: [{ path: "", message, ...positionIn(lines, offset) }] });
  for (const document of composer.compose(parse(text, lines, refuse))) {
    const read = new DocumentReader(document, lines).read();
    const empty = read.problems.length === 0 && (read.value === undefined || read.value.value === null);
    if (!empty) documents.push(read);
  }
  return documents;
}

/** yaml's Parser.parse, but that it ends where there is too much of a text, or brackets are nested too deeply: the library has no such limits. */
function* parse(text: string, lines: LineCounter, refuse: (message: string, offset: number) => void): Generator<CST.Token, void> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let lexemes = 0;
  let depth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") depth++;
    else if (lexeme === "]" || lexeme === "}") depth--;
    if (depth > MAX_DEPTH) return refuse(NESTED_TOO_DEEPLY, parser.offset);
    if (++lexemes > MAX_LEXEMES) return refuse(`the input has more than ${MAX_LEXEMES} YAML tokens. Split it into several`, parser.offset);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

const NESTED_TOO_DEEPLY = `yaml: nested more than ${MAX_DEPTH} levels`;

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
      const position = positionIn(this.lines, error.pos[0]);
      // What the library says when it runs out of stack.
      if (error.code === "RESOURCE_EXHAUSTION") return { problems: [{ path: "", message: NESTED_TOO_DEEPLY, ...position }] };
      // Some messages quote the text that they are about, whole.
      this.report(error.message.slice(0, 200), position);
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
      this.problems.push({ path: "", message: NESTED_TOO_DEEPLY, ...this.position(node) });
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
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ path: "", message: `yaml: ${message}`, ...position });
  }

  private position(node: Node): Position | undefined {
    return node.range ? positionIn(this.lines, node.range[0]) : undefined;
  }
}

function positionIn(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
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
