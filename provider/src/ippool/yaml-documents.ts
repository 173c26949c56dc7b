import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  type ScalarTag,
} from "yaml";
import { isArray, isObject, type ManifestEntry, type ManifestValue, MAX_DEPTH, type Position } from "./manifest-value";
import type { Problem } from "./problem";
import { resolvePlainScalar, type ScalarValue } from "./yaml-scalar";

/** Characters of one input. */
export const MAX_TEXT_LENGTH = 4 * 1024 * 1024;
/**
 * Of one input; some 10,000 IP pools. What the library needs grows with them, up to a second and a gigabyte per million
 * of the worst.
 */
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
 * The documents of a YAML or JSON text, empty ones left out, with scalars as go-yaml types them. Never throws for what
 * the text holds.
 */
export function readYamlDocuments(text: string): YamlDocument[] {
  if (text.length > MAX_TEXT_LENGTH) {
    return [
      {
        problems: [
          {
            path: "",
            message: `the input has ${text.length} characters; at most ${MAX_TEXT_LENGTH} are read. Split it into several`,
          },
        ],
      },
    ];
  }
  const control = CONTROL_CHARACTER.exec(text);
  if (control !== null) {
    const before = text.slice(0, control.index).split("\n");
    return [
      {
        problems: [
          {
            path: "",
            message: "yaml: control characters are not allowed",
            line: before.length,
            column: (before.at(-1)?.length ?? 0) + 1,
          },
        ],
      },
    ];
  }
  const lines = new LineCounter();
  const composer = new Composer({
    schema: "failsafe",
    customTags: SCALAR_TAGS,
    resolveKnownTags: false,
    uniqueKeys: false,
  });
  const documents: YamlDocument[] = [];
  const refuse = (message: string, offset: number): void =>
    void documents.push({ problems: [{ path: "", message, ...positionIn(lines, offset) }] });
  for (const document of composer.compose(parse(text, lines, refuse))) {
    const read = new DocumentReader(document, lines).read();
    const empty = read.problems.length === 0 && (read.value === undefined || read.value.value === null);
    if (!empty) documents.push(read);
  }
  return documents;
}

/**
 * yaml's Parser.parse, but that it ends where there is too much of a text, or brackets are nested too deeply: the
 * library has no such limits.
 */
function* parse(
  text: string,
  lines: LineCounter,
  refuse: (message: string, offset: number) => void,
): Generator<CST.Token, void> {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  let lexemes = 0;
  let depth = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme === "[" || lexeme === "{") depth++;
    else if (lexeme === "]" || lexeme === "}") depth--;
    if (depth > MAX_DEPTH) return refuse(NESTED_TOO_DEEPLY, parser.offset);
    if (++lexemes > MAX_LEXEMES)
      return refuse(`the input has more than ${MAX_LEXEMES} YAML tokens. Split it into several`, parser.offset);
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

const NESTED_TOO_DEEPLY = `yaml: nested more than ${MAX_DEPTH} levels`;

/** For scalars with an explicit tag; plain ones without are resolved where they are read. */
const SCALAR_TAGS: ScalarTag[] = ["bool", "int", "float", "null"].map((name) => ({
  tag: `tag:yaml.org,2002:${name}`,
  resolve: resolvePlainScalar,
}));

/** Beyond go-yaml's "printable" characters, YAML 1.1 5.1. */
const CONTROL_CHARACTER = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

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
      if (error.code === "RESOURCE_EXHAUSTION")
        return { problems: [{ path: "", message: NESTED_TOO_DEEPLY, ...position }] };
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
    return { value: isScalar(node) ? this.scalarOf(node) : null, position };
  }

  private scalarOf(node: Scalar): ScalarValue {
    const value =
      typeof node.value === "string" && node.type === "PLAIN" && node.tag === undefined
        ? resolvePlainScalar(node.value)
        : node.value;
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        // JSON has no such numbers, and Go's readers take their manifests by way of JSON.
        if (!Number.isFinite(value)) this.report(`unsupported value: ${value}`, this.position(node));
        return value;
      default:
        return null;
    }
  }

  private aliasOf(
    name: string,
    target: Node | undefined,
    position: Position | undefined,
    depth: number,
  ): ManifestValue {
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
    const set = (name: string, entry: ManifestEntry, position: Position | undefined): void => {
      if (entries.has(name)) this.report(`key "${name}" already set in map`, position);
      entries.set(name, entry);
    };
    for (const { key, value } of pairs) {
      const keyPosition = this.position(key);
      const resolvedKey = isAlias(key) ? key.resolve(this.document) : key;
      const name = isScalar(resolvedKey) ? this.scalarOf(resolvedKey) : null;
      if (name === null) {
        this.report("invalid map key", keyPosition);
      } else if (name === "<<" && isScalar(resolvedKey) && resolvedKey.type === "PLAIN") {
        this.merge(this.valueOf(value, depth + 1), (merged, entry) => set(merged, entry, keyPosition));
      } else {
        set(String(name), { keyPosition, value: this.valueOf(value, depth + 1) }, keyPosition);
      }
    }
    return entries;
  }

  /** go-yaml, being strict, takes a key that a merged mapping has as well for one that is set twice. */
  private merge(value: ManifestValue, set: (name: string, entry: ManifestEntry) => void): void {
    for (const source of isArray(value) ? value.value : [value]) {
      if (!isObject(source))
        return this.report("map merge requires map or sequence of maps as the value", source.position);
      for (const [name, entry] of source.value) set(name, entry);
    }
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
