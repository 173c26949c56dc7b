import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Command, CommanderError } from "commander";
import { overlaynetCommand } from "../../cli/src/overlaynet";

const ROOT = resolve(__dirname, "../..");

/** Every command with its words, such as `overlaynet lab list`; groups, too. */
function commandsOf(command: Command, before = ""): [words: string, command: Command][] {
  const words = `${before}${command.name()}`;
  return [[words, command], ...command.commands.flatMap((each) => commandsOf(each, `${words} `))];
}

interface Outcome {
  /** What was said, on either stream. */
  readonly text: string;
  /** Commander's exit code; undefined when a command was to run. */
  readonly exitCode?: number;
  /** Which one was to run, and its options. */
  readonly run?: { readonly words: string; readonly options: Record<string, unknown> };
}

/** What the command line leads to; no command does anything. `lab fault`, a group, keeps its own action if asked to. */
async function asked(line: readonly string[], { keepGroup = false } = {}): Promise<Outcome> {
  const program = overlaynetCommand();
  let text = "";
  let run: Outcome["run"];
  for (const [words, command] of commandsOf(program)) {
    command.exitOverride().configureOutput({ writeOut: (said) => (text += said), writeErr: (said) => (text += said) });
    if (command.commands.length === 0 || (words.endsWith(" fault") && !keepGroup))
      command.action(() => {
        run = { words, options: command.opts() };
      });
  }
  try {
    await program.parseAsync(line, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { text, exitCode: error.exitCode };
  }
  return { text, ...(run === undefined ? {} : { run }) };
}

/** The words of a line as a shell takes them, after variables and `overlaynet`, up to a pipe. */
function wordsOf(line: string): string[] {
  const [, command = ""] = /overlaynet ([^|)]*)/.exec(line) ?? [];
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

async function helpOf(words: string): Promise<string> {
  return (await asked([...words.split(" ").slice(1), "--help"])).text;
}

describe("the overlaynet command", () => {
  const all = commandsOf(overlaynetCommand());
  const names = all.map(([words]) => words);
  /** Those that print data. */
  const printing = all.filter(([, command]) => command.options.some(({ long }) => long === "--format"));

  it("says the version that package.json and the SDK have", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
    for (const option of ["--version", "-V"])
      assert.deepEqual(await asked([option]), { text: `${version}\n`, exitCode: 0 });
    for (const folder of ["cli", "sdk/nodejs"]) {
      const other = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8")) as { version: string };
      assert.equal(other.version, version, folder);
    }
  });

  it("leaves options after a command's words to the program that is run", async () => {
    const { run } = await asked(["lab", "exec", "blue-a0", "--", "ip", "--version"]);
    assert.equal(run?.words, "overlaynet lab exec");
  });

  it("shows its commands in groups", async () => {
    const help = await helpOf("overlaynet");
    for (const group of [
      /\nPools and plans, without a cluster:\n {2}pools .*\n {2}plan /,
      /\nA running cluster:\n {2}paths .*(?:\n .*)*\n {2}verify /,
      /\nThe lab, a stand-in for AWS on this machine:\n {2}start .*(?:\n .*)*\n {2}env .*(?:\n .*)*\n {2}lab /,
    ])
      assert.match(help, group);
    assert.match(await helpOf("overlaynet lab"), /\nSee what is there:\n {2}list /);
    assert.match(await helpOf("overlaynet lab fault"), /\nOn a wire:\n {2}cut /);
  });

  for (const words of names) {
    it(`${words} --help has examples that the command understands, and says what exit codes mean`, async () => {
      const help = await helpOf(words);
      const [, block = ""] = /\nExamples:\n((?: {2}.*\n)+)\nExit codes:\n(?: {2}\S+ {2,}\S.*\n)+/.exec(help) ?? [];
      const lines = block.split("\n").filter((line) => line !== "");
      assert.ok(lines.length > 0, help);
      for (const line of lines) {
        const [, example = "", what = ""] = /^ {2}(.*?\S) {2,}(\S.*)$/.exec(line) ?? [];
        assert.notEqual(what, "", line);
        const { text, exitCode, run } = await asked(wordsOf(example));
        assert.ok(run !== undefined || exitCode === 0, `${example}: ${text}`);
      }
      const own = lines.filter((line) => line.includes(words));
      assert.ok(own.length > 0, `an example of ${words}: ${block}`);
    });
  }

  it("has --format wherever a command prints data", () =>
    assert.deepEqual(
      printing.map(([words]) => words),
      [
        "overlaynet pools check",
        "overlaynet plan",
        "overlaynet paths",
        "overlaynet verify",
        "overlaynet env",
        "overlaynet lab list",
        "overlaynet lab inspect",
        "overlaynet lab why",
        "overlaynet lab fault",
        "overlaynet lab fault cut",
        "overlaynet lab fault loss",
        "overlaynet lab fault refuse-ssh",
        "overlaynet lab fault drop-protocol",
        "overlaynet lab revoke",
        "overlaynet lab check",
      ],
    ));

  const needed: Readonly<Record<string, readonly string[]>> = {
    "overlaynet pools check": ["pools.yaml"],
    "overlaynet plan": ["topology.yaml"],
    "overlaynet lab why": ["a", "b"],
    "overlaynet lab fault cut": ["a"],
    "overlaynet lab fault drop-protocol": ["a", "4"],
    "overlaynet lab fault loss": ["a", "--share", "5%"],
    "overlaynet lab fault refuse-ssh": ["a"],
    "overlaynet lab revoke": ["--protocol", "4"],
  };
  for (const [words] of printing) {
    it(`${words} prints words for people, JSON with --format json, and knows the former spelling`, async () => {
      const format = async (...options: string[]): Promise<unknown> => {
        const outcome = await asked([...words.split(" ").slice(1), ...(needed[words] ?? []), ...options]);
        assert.equal(outcome.run?.words, words, outcome.text);
        return outcome.run.options["format"];
      };
      assert.equal(await format(), "text");
      assert.equal(await format("--format", "json"), "json");
      assert.equal(await format("--format", "text"), "text");
      assert.equal(await format("--output", "json"), "json");
      assert.equal(await format("--output", "table"), "text");
      assert.equal(await format("--output", "text"), "text");
      assert.equal(await format("--output", "json", "--format", "text"), "text", "the last one counts");
      const help = await helpOf(words);
      assert.match(help, /--format <format>/);
      assert.ok(!help.includes("--output "), "help is silent about the former spelling");
    });
  }

  it("refuses a form that there is not, by either spelling", async () => {
    for (const option of ["--format", "--output"]) {
      const { text, exitCode } = await asked(["lab", "list", option, "yaml"]);
      assert.equal(exitCode, 1);
      assert.match(text, /argument 'yaml' is invalid\. Allowed choices are text, json/);
    }
  });

  it("names a schema that is there for the JSON form", async () => {
    const helps = await Promise.all(printing.map(([words]) => helpOf(words)));
    const schemas = helps.flatMap((help) => /docs\/schema\/\S+\.json/.exec(help) ?? []);
    assert.ok(schemas.length >= 7);
    for (const file of schemas) assert.ok(existsSync(join(ROOT, file)), file);
  });

  for (const [line, meant] of [
    ["polls", "pools"],
    ["lab lst", "list"],
    ["pools chek x", "check"],
    ["lab list --frmat json", "--format"],
    ["verify --repot x.html", "--report"],
  ] as const)
    it(`asks after "${line}" whether ${meant} was meant`, async () => {
      const { text, exitCode } = await asked(line.split(" "));
      assert.equal(exitCode, 1);
      assert.ok(text.includes(`(Did you mean ${meant}?)`), text);
    });

  it("names the faults that there are when one is unknown", async () => {
    const { text, exitCode } = await asked(["lab", "fault", "los"], { keepGroup: true });
    assert.equal(exitCode, 1);
    assert.match(
      text,
      /unknown command 'los'\n\(There are: cut, loss, refuse-ssh, drop-protocol, pause, resume, kill, reboot\)/,
    );
  });

  for (const [line, message] of [
    ["lab wait a --deadline 0", /It must be a number of seconds above 0/],
    ["lab start --deadline soon", /It must be a number of seconds above 0/],
    ["lab capture a --count 0", /It must be a number of packets, at least 1/],
    ["lab fault loss a --share 101%", /It must be a share of all packets/],
    ["lab fault drop-protocol a ipip", /It must be the number of an IP protocol, 1 to 255/],
    ["lab fault cut a --direction up", /Allowed choices are both, ingress, egress/],
  ] as const)
    it(`refuses "${line}"`, async () => {
      const { text, exitCode } = await asked(line.split(" "));
      assert.equal(exitCode, 1);
      assert.match(text, message);
    });

  it("takes a deadline in seconds and a share as a part or in percent", async () => {
    const option = async (name: string, line: string): Promise<unknown> =>
      (await asked(line.split(" "))).run?.options[name];
    assert.equal(await option("deadline", "lab wait a --deadline 0.5"), 500);
    assert.equal(await option("deadline", "lab wait a"), 60_000);
    assert.equal(await option("share", "lab fault loss a --share 25%"), 0.25);
    assert.equal(await option("share", "lab fault loss a --share 0.25"), 0.25);
    assert.equal(await option("count", "lab capture a -c 3"), 3);
  });

  it("understands every command line of the README and the docs", async () => {
    const pages = ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/lab-networks.md"].filter((page) =>
      existsSync(join(ROOT, page)),
    );
    const lines = pages.flatMap((page) =>
      readFileSync(join(ROOT, page), "utf8")
        .split("\n")
        .filter((line) => /^ {4}.*npx overlaynet /.test(line))
        .map((line) => `${page}: ${line.trim()}`),
    );
    assert.ok(lines.length > 10);
    for (const line of lines) {
      // What follows two blanks, or a hash, says what the command does.
      const example = (/npx (overlaynet .*)$/.exec(line)?.[1] ?? "").replace(/(?:\s{2,}| #).*$/, "");
      const { text, exitCode, run } = await asked(wordsOf(example.replaceAll(/[[\]]/g, "")));
      assert.ok(run !== undefined || exitCode === 0, `${line}: ${text}`);
    }
  });
});
