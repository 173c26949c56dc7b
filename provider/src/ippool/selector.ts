export type Labels = Readonly<Record<string, string>>;

/** A parsed selector. Source: projectcalico/calico libcalico-go/lib/selector. */
export interface Selector {
  matches(labels: Labels): boolean;
}

/** A text is no selector; the message is that of Calico's parser. */
export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

/**
 * Calico's grammar, `||` binding looser than `&&`, both looser than `!`:
 * `L == "v"`, `L != "v"`, `L in {"v", …}`, `L not in {…}`, `L contains "v"`, `L starts with "v"`, `L ends with "v"`,
 * `has(L)`, `all()`, `global()`, parentheses. A text without tokens selects everything. Throws a SelectorError.
 */
export function parseSelector(text: string): Selector {
  const tokens = tokenize(text);
  if (tokens[0]?.kind === "EOF") return { matches: () => true };
  const parser = new SelectorParser(tokens);
  return { matches: parser.parse() };
}

type Matcher = (labels: Labels) => boolean;
/** Named as Calico names them, since its messages print them. */
type Kind =
  | "Label"
  | "StringLiteral"
  | "LBrace"
  | "RBrace"
  | "Comma"
  | "Eq"
  | "Ne"
  | "In"
  | "Not"
  | "NotIn"
  | "Contains"
  | "StartsWith"
  | "EndsWith"
  | "All"
  | "Has"
  | "LParen"
  | "RParen"
  | "And"
  | "Or"
  | "Global"
  | "EOF";

interface Token {
  readonly kind: Kind;
  readonly value: string;
}

const MAX_LABEL_LENGTH = 512;
/** Parentheses within parentheses. Calico has no limit but that of 1024 bytes for a pool's selector. */
const MAX_DEPTH = 1024;

const PUNCTUATION: readonly (readonly [RegExp, Kind])[] = [
  [/\(/y, "LParen"],
  [/\)/y, "RParen"],
  [/\{/y, "LBrace"],
  [/\}/y, "RBrace"],
  [/,/y, "Comma"],
  [/==/y, "Eq"],
  [/!=/y, "Ne"],
  [/!/y, "Not"],
  [/&&/y, "And"],
  [/\|\|/y, "Or"],
];

/** Words are operators only directly after a label, and only when no identifier character follows them. */
const OPERATORS: readonly (readonly [RegExp, Kind])[] = [
  [/contains(?![\w./-])/y, "Contains"],
  [/starts[ \t]*with(?![ \t]*[\w./-])/y, "StartsWith"],
  [/ends[ \t]*with(?![ \t]*[\w./-])/y, "EndsWith"],
  [/not[ \t]*in(?![ \t]*[\w./-])/y, "NotIn"],
  [/in(?![\w./-])/y, "In"],
];

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  /** Advances over what the sticky expression matches here; undefined when it does not. */
  const take = (expression: RegExp): RegExpExecArray | undefined => {
    expression.lastIndex = position;
    const match = expression.exec(text) ?? undefined;
    if (match !== undefined) position = expression.lastIndex;
    return match;
  };
  const skipBlanks = (): void => void take(/[ \t]*/y);
  const takeIdentifier = (): string => {
    const identifier = take(/[A-Za-z0-9_./-]+/y)?.[0];
    if (identifier === undefined) throw new SelectorError("expected identifier");
    if (identifier.length > MAX_LABEL_LENGTH) throw new SelectorError(`label too long: ${identifier}`);
    return identifier;
  };
  const takeClosing = (name: string): void => {
    skipBlanks();
    if (take(/\)/y) === undefined) throw new SelectorError(`no closing ')' after ${name}(`);
  };

  for (;;) {
    skipBlanks();
    if (position === text.length) return [...tokens, { kind: "EOF", value: "" }];
    const punctuation = PUNCTUATION.find(([expression]) => take(expression) !== undefined);
    const next = text.charAt(position);
    const last = tokens.at(-1);
    if (punctuation !== undefined) {
      tokens.push({ kind: punctuation[1], value: "" });
    } else if (next === '"' || next === "'") {
      const literal = take(next === '"' ? /"([^"]*)"/y : /'([^']*)'/y);
      if (literal === undefined) throw new SelectorError("unterminated string");
      tokens.push({ kind: "StringLiteral", value: literal[1] ?? "" });
    } else if (next === "=" || next === "&" || next === "|") {
      throw new SelectorError(`expected ${next}${next}`);
    } else if (last?.kind === "Label") {
      const operator = OPERATORS.find(([expression]) => take(expression) !== undefined);
      if (operator === undefined)
        throw new SelectorError(`expected operator after label ${JSON.stringify(last.value)}`);
      tokens.push({ kind: operator[1], value: "" });
    } else if (take(/has\(/y) !== undefined) {
      skipBlanks();
      tokens.push({ kind: "Has", value: takeIdentifier() });
      takeClosing("has");
    } else if (take(/all\(/y) !== undefined) {
      takeClosing("all");
      tokens.push({ kind: "All", value: "" });
    } else if (take(/global\(/y) !== undefined) {
      takeClosing("global");
      tokens.push({ kind: "Global", value: "" });
    } else {
      tokens.push({ kind: "Label", value: takeIdentifier() });
    }
  }
}

class SelectorParser {
  private position = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  parse(): Matcher {
    const matcher = this.parseOr();
    if (this.peek().kind !== "EOF") {
      throw new SelectorError(
        `unexpected content at end of selector [${this.tokens.slice(this.position).map(print).join(" ")}]`,
      );
    }
    return matcher;
  }

  private parseOr(): Matcher {
    const operands = [this.parseAnd()];
    while (this.take("Or")) operands.push(this.parseAnd());
    return (labels) => operands.some((operand) => operand(labels));
  }

  private parseAnd(): Matcher {
    const operands = [this.parseOperation()];
    while (this.take("And")) operands.push(this.parseOperation());
    return (labels) => operands.every((operand) => operand(labels));
  }

  private parseOperation(): Matcher {
    let negated = false;
    while (this.take("Not")) negated = !negated;
    const matcher = this.parseTerm();
    return negated ? (labels) => !matcher(labels) : matcher;
  }

  private parseTerm(): Matcher {
    const token = this.next();
    switch (token.kind) {
      case "Has":
        return (labels) => labelOf(labels, token.value) !== undefined;
      case "All":
      case "Global":
        return () => true;
      case "Label":
        return this.parseComparison(token.value);
      case "LParen": {
        if (++this.depth > MAX_DEPTH) throw new SelectorError(`more than ${MAX_DEPTH} parentheses within each other`);
        const matcher = this.parseOr();
        this.depth--;
        if (!this.take("RParen")) throw new SelectorError("expected )");
        return matcher;
      }
      default:
        throw new SelectorError(`unexpected token: ${print(token)}`);
    }
  }

  /** A label that is absent is unequal to everything and in no set. */
  private parseComparison(label: string): Matcher {
    const operator = this.next();
    if (operator.kind === "EOF") throw new SelectorError("unexpected end of string looking for op");
    switch (operator.kind) {
      case "In":
      case "NotIn": {
        const values = this.parseSet();
        const wanted = operator.kind === "In";
        return (labels) => {
          const value = labelOf(labels, label);
          return (value !== undefined && values.has(value)) === wanted;
        };
      }
      case "Eq":
      case "Ne": {
        const wanted = this.parseString();
        return operator.kind === "Eq"
          ? (labels) => labelOf(labels, label) === wanted
          : (labels) => labelOf(labels, label) !== wanted;
      }
      case "Contains": {
        const part = this.parseString();
        return (labels) => labelOf(labels, label)?.includes(part) ?? false;
      }
      case "StartsWith": {
        const part = this.parseString();
        return (labels) => labelOf(labels, label)?.startsWith(part) ?? false;
      }
      case "EndsWith": {
        const part = this.parseString();
        return (labels) => labelOf(labels, label)?.endsWith(part) ?? false;
      }
      default:
        throw new SelectorError(`expected == or != not: ${print(operator)}`);
    }
  }

  private parseString(): string {
    const token = this.next();
    if (token.kind !== "StringLiteral") throw new SelectorError("expected string");
    return token.value;
  }

  /** `{"a", "b"}`; empty and with a comma after the last value, too. */
  private parseSet(): ReadonlySet<string> {
    if (!this.take("LBrace")) throw new SelectorError("expected set literal");
    const values = new Set<string>();
    while (this.peek().kind === "StringLiteral") {
      values.add(this.next().value);
      if (!this.take("Comma")) break;
    }
    if (!this.take("RBrace")) throw new SelectorError("expected }");
    return values;
  }

  private peek(): Token {
    return this.tokens[this.position] ?? { kind: "EOF", value: "" };
  }

  private next(): Token {
    const token = this.peek();
    this.position++;
    return token;
  }

  private take(kind: Kind): boolean {
    if (this.peek().kind !== kind) return false;
    this.position++;
    return true;
  }
}

function labelOf(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

function print(token: Token): string {
  return `Tok${token.kind}(${token.value})`;
}
