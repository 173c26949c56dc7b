import assert from "node:assert/strict";
import fc from "fast-check";
import { type Labels, parseSelector, SelectorError } from "../../../provider/src/ippool/selector";
import { tries } from "../../support/tries";

/** A selector as a value, so that it can be printed for the parser and evaluated without it. */
type Expression =
  | {
      readonly op: "==" | "!=" | "contains" | "starts with" | "ends with";
      readonly label: string;
      readonly value: string;
    }
  | { readonly op: "in" | "not in"; readonly label: string; readonly values: readonly string[] }
  | { readonly op: "has"; readonly label: string }
  | { readonly op: "all()" | "global()" }
  | { readonly op: "!"; readonly operand: Expression }
  | { readonly op: "&&" | "||"; readonly operands: readonly Expression[] };

function naive(expression: Expression, labels: Labels): boolean {
  const value =
    "label" in expression && Object.keys(labels).includes(expression.label) ? labels[expression.label] : undefined;
  switch (expression.op) {
    case "==":
      return value === expression.value;
    case "!=":
      return value !== expression.value;
    case "contains":
      return value !== undefined && value.includes(expression.value);
    case "starts with":
      return value !== undefined && value.slice(0, expression.value.length) === expression.value;
    case "ends with":
      return (
        value !== undefined &&
        value.length >= expression.value.length &&
        value.slice(value.length - expression.value.length) === expression.value
      );
    case "in":
      return value !== undefined && expression.values.includes(value);
    case "not in":
      return value === undefined || !expression.values.includes(value);
    case "has":
      return value !== undefined;
    case "all()":
    case "global()":
      return true;
    case "!":
      return !naive(expression.operand, labels);
    case "&&":
      return expression.operands.reduce((all, operand) => naive(operand, labels) && all, true);
    case "||":
      return expression.operands.reduce((some, operand) => naive(operand, labels) || some, false);
  }
}

/** Prints with as few parentheses as precedence allows, and with the blanks given. */
function print(expression: Expression, blank: string): string {
  const quote = (value: string): string => (value.includes('"') ? `'${value}'` : `"${value}"`);
  const operand = (child: Expression, tighter: readonly string[]): string =>
    tighter.includes(child.op) ? `(${blank}${print(child, blank)}${blank})` : print(child, blank);
  switch (expression.op) {
    case "in":
    case "not in":
      return `${expression.label} ${blank}${expression.op}${blank}{${blank}${expression.values.map(quote).join(`${blank},${blank}`)}${blank}}`;
    case "has":
      return `has(${blank}${expression.label}${blank})`;
    case "all()":
    case "global()":
      return expression.op;
    case "!":
      return `!${blank}${operand(expression.operand, ["&&", "||"])}`;
    case "&&":
      return expression.operands.map((child) => operand(child, ["&&", "||"])).join(`${blank}&&${blank}`);
    case "||":
      return expression.operands.map((child) => operand(child, ["||"])).join(`${blank}||${blank}`);
    default:
      return `${expression.label} ${blank}${expression.op}${blank}${quote(expression.value)}`;
  }
}

const labelName = fc.constantFrom(
  "a",
  "zone",
  "kubernetes.io/hostname",
  "in",
  "contains",
  "not",
  "starts",
  "__proto__",
  "constructor",
);
const labelValue = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "ba", "us-east-1a"),
  fc.string({ maxLength: 3 }).map((text) => text.replaceAll("'", "")),
);
const { expression } = fc.letrec<{ expression: Expression; term: Expression }>((tie) => ({
  term: fc.oneof(
    fc.record({
      op: fc.constantFrom(
        "==" as const,
        "!=" as const,
        "contains" as const,
        "starts with" as const,
        "ends with" as const,
      ),
      label: labelName,
      value: labelValue,
    }),
    fc.record({
      op: fc.constantFrom("in" as const, "not in" as const),
      label: labelName,
      values: fc.array(labelValue, { maxLength: 3 }),
    }),
    fc.record({ op: fc.constant("has" as const), label: labelName }),
    fc.record({ op: fc.constantFrom("all()" as const, "global()" as const) }),
  ),
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("term"),
    fc.record({ op: fc.constant("!" as const), operand: tie("expression") }),
    fc.record({
      op: fc.constantFrom("&&" as const, "||" as const),
      operands: fc.array(tie("expression"), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));
const labels: fc.Arbitrary<Labels> = fc.dictionary(labelName, labelValue, { maxKeys: 4 });

describe("selectors", () => {
  it("agree with a naive evaluator on every expression and every set of labels", () => {
    fc.assert(
      fc.property(expression, labels, fc.constantFrom("", " ", "\t "), (tree, given, blank) => {
        const text = print(tree, blank);
        assert.equal(parseSelector(text).matches(given), naive(tree, given), text);
      }),
      { numRuns: tries(2000) },
    );
  });

  it("either parse or throw a SelectorError, whatever the text", () => {
    const word = fc.constantFrom(
      "a",
      "==",
      "!=",
      "!",
      "&&",
      "||",
      "(",
      ")",
      "{",
      "}",
      ",",
      '"x"',
      "'y'",
      "in",
      "not in",
      "notin",
      "has(a)",
      "all()",
      "all(",
      "=",
      "&",
      " ",
      "\n",
      "ü",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(" ")),
          fc.array(word).map((words) => words.join("")),
        ),
        (text) => {
          try {
            parseSelector(text).matches({ a: "x" });
          } catch (error) {
            assert.ok(error instanceof SelectorError, String(error));
          }
        },
      ),
      { numRuns: tries(2000) },
    );
  });

  for (const [text, message] of [
    ['foo = "bar"', "expected =="],
    ['a == "b" & c == "d"', "expected &&"],
    ["has(a) | has(b)", "expected ||"],
    ["env == 'prod", "unterminated string"],
    ["has(", "expected identifier"],
    ["has()", "expected identifier"],
    ["has(a", "no closing ')' after has("],
    ["all(", "no closing ')' after all("],
    ["global(x)", "no closing ')' after global("],
    ["All()", "expected == or != not: TokLParen()"],
    ["a start with 'b'", 'expected operator after label "a"'],
    ["a starts with b", 'expected operator after label "a"'],
    ["a inx {'b'}", 'expected operator after label "a"'],
    ["a === 'b'", "expected =="],
    ["a == b", "expected string"],
    ["a ==", "expected string"],
    ["a", "unexpected end of string looking for op"],
    ["(a)", "expected == or != not: TokRParen()"],
    ["a == 'b' &&", "unexpected token: TokEOF()"],
    ["not has(a)", 'expected operator after label "not"'],
    ["region in ('east')", "expected set literal"],
    ["region in {'east'", "expected }"],
    ["region in {east}", "expected }"],
    ["(has(a)", "expected )"],
    ["has(a) has(b)", "unexpected content at end of selector [TokHas(b) TokEOF()]"],
    ["has(a))", "unexpected content at end of selector [TokRParen() TokEOF()]"],
    ["all()\n", "expected identifier"],
    ["ü == 'a'", "expected identifier"],
    [`has(${"y".repeat(513)})`, `label too long: ${"y".repeat(513)}`],
  ] as const) {
    it(`refuses ${text.slice(0, 40)}`, () => {
      assert.throws(() => parseSelector(text), { name: "SelectorError", message });
    });
  }

  it("takes what Calico takes besides the documented forms", () => {
    assert.equal(parseSelector("").matches({}), true);
    assert.equal(parseSelector(" \t").matches({}), true);
    assert.equal(parseSelector("a notin {'x',}").matches({ a: "y" }), true);
    assert.equal(parseSelector("a in {}").matches({ a: "y" }), false);
    assert.equal(parseSelector("!!has(a)").matches({ a: "" }), true);
    assert.equal(parseSelector(`has(${"y".repeat(512)})`).matches({}), false);
    assert.equal(parseSelector("in in {'x'}").matches({ in: "x" }), true);
  });

  it("binds && tighter than ||", () => {
    const selector = parseSelector("has(a) || has(b) && has(c)");
    assert.equal(selector.matches({ a: "" }), true);
    assert.equal(selector.matches({ b: "" }), false);
    assert.equal(selector.matches({ b: "", c: "" }), true);
  });

  it("refuses parentheses without end, rather than running out of stack", () => {
    assert.throws(() => parseSelector("(".repeat(1_000_000)), SelectorError);
    assert.equal(parseSelector(`${"(".repeat(500)}has(a)${")".repeat(500)}`).matches({ a: "" }), true);
  });

  it("nest 1024 parentheses and no more, as many beside each other as one likes", () => {
    const nested = (depth: number): string => `${"(".repeat(depth)}has(a)${")".repeat(depth)}`;
    assert.equal(parseSelector(nested(1024)).matches({ a: "" }), true);
    assert.throws(() => parseSelector(nested(1025)), {
      name: "SelectorError",
      message: "more than 1024 parentheses within each other",
    });
    assert.equal(parseSelector(Array(1100).fill("(has(a))").join("&&")).matches({ a: "" }), true);
  });

  for (const [text, label] of [
    ["a startswith 'b'", "b"],
    ["a starts \t with 'b'", "bc"],
    ["a starts with'b'", "b"],
    ["a endswith 'b'", "ab"],
    ["a ends \t with\t'b'", "b"],
    ["a not\tin{'c'}", "b"],
    ["a in{'c','b'}", "b"],
    ["a contains'b'", "abc"],
    ["has( a )", "b"],
    ["has(\ta\t) && all( ) && global(\t)", "b"],
    ["\t a == 'b'\t ", "b"],
    ['a == "b\'c"', "b'c"],
    ["a == 'b\"c'", 'b"c'],
    ["a != 'b'", "c"],
    ["!!!(a == 'b')", "c"],
    ["a == ''", ""],
  ] as const) {
    it(`takes ${JSON.stringify(text)}`, () => {
      assert.equal(parseSelector(text).matches({ a: label }), true);
      assert.equal(parseSelector(`!(${text})`).matches({ a: label }), false);
    });
  }

  it("take words for labels where a label is due", () => {
    for (const label of ["all", "global", "has", "hash", "allow", "globally", "not", "in", "A-b_c./9"])
      assert.equal(parseSelector(`${label} == 'x'`).matches({ [label]: "x" }), true, label);
  });

  for (const [text, message] of [
    ["== 'a'", "unexpected token: TokEq()"],
    ["'x'", "unexpected token: TokStringLiteral(x)"],
    [", a", "unexpected token: TokComma()"],
    ["{", "unexpected token: TokLBrace()"],
    ["}", "unexpected token: TokRBrace()"],
    ["!", "unexpected token: TokEOF()"],
    ["|| has(a)", "unexpected token: TokOr()"],
    ["a && b == 'c'", "expected == or != not: TokAnd()"],
    ["a 'b'", "expected == or != not: TokStringLiteral(b)"],
    ["a containsb 'c'", 'expected operator after label "a"'],
    ["a contains-b 'c'", 'expected operator after label "a"'],
    ["a startswithin 'c'", 'expected operator after label "a"'],
    ["a ends with 9", 'expected operator after label "a"'],
    ["a not in x", 'expected operator after label "a"'],
    ["a notin.x", 'expected operator after label "a"'],
    ["a in/x", 'expected operator after label "a"'],
    ["a contains {'b'}", "expected string"],
    ["a starts with {'b'}", "expected string"],
    ["a ends with {'b'}", "expected string"],
    ["a != {'b'}", "expected string"],
    ["a not in 'b'", "expected set literal"],
    ["a in {'b' 'c'}", "expected }"],
    ["a in {,}", "expected }"],
    ['a == "b', "unterminated string"],
    [
      "has(a) , { } != == (",
      "unexpected content at end of selector [TokComma() TokLBrace() TokRBrace() TokNe() TokEq() TokLParen() TokEOF()]",
    ],
    [
      "has(a) all() global() ! 'x'",
      "unexpected content at end of selector [TokAll() TokGlobal() TokNot() TokStringLiteral(x) TokEOF()]",
    ],
    ["has(a) b in", "unexpected content at end of selector [TokLabel(b) TokIn() TokEOF()]"],
    ["has(a) b notin", "unexpected content at end of selector [TokLabel(b) TokNotIn() TokEOF()]"],
    ["has(a) b contains", "unexpected content at end of selector [TokLabel(b) TokContains() TokEOF()]"],
    ["has(a) b startswith", "unexpected content at end of selector [TokLabel(b) TokStartsWith() TokEOF()]"],
    ["has(a) b endswith", "unexpected content at end of selector [TokLabel(b) TokEndsWith() TokEOF()]"],
  ] as const) {
    it(`refuses ${JSON.stringify(text)} in Calico's words`, () => {
      assert.throws(() => parseSelector(text), { name: "SelectorError", message });
    });
  }

  it("know no labels but an object's own", () => {
    assert.equal(parseSelector("has(toString)").matches({}), false);
    assert.equal(parseSelector("toString != 'x'").matches({}), true);
    assert.equal(parseSelector("a contains 'b' || a starts with 'b' || a ends with 'b'").matches({}), false);
  });
});
