import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Row } from "./rows";

const root = resolve(__dirname, "../../..");

/** The page that {@link fidelityPage} gives. */
export const pageFile = join(root, "docs", "lab-fidelity.md");
/** What to run when the rows or the titles of tests have changed. */
export const REGENERATE = "npx tsx test/lab/fidelity/write-page.ts";

/** The title of a test, or of a group of them, that names rows. */
export interface TestTitle {
  /** From the project's root. */
  readonly file: string;
  readonly title: string;
  readonly rows: readonly number[];
}

/** Titles of all tests of the project that hold an id such as AWS-9 or AWS-09. */
export function testTitles(): TestTitle[] {
  const files = readdirSync(join(root, "test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return files.flatMap((file) =>
    titlesIn(readFileSync(file, "utf8")).map((title) => ({ file: relative(root, file), ...title })),
  );
}

/** Those of a test file's text. */
export function titlesIn(text: string): { readonly title: string; readonly rows: readonly number[] }[] {
  return [...text.matchAll(/\b(?:it|describe)\(\s*(["'`])((?:\\.|(?!\1).)*)\1/gs)].flatMap((match) => {
    const title = (match[2] ?? "").replaceAll(/\\(.)/g, "$1");
    const rows = [...title.matchAll(/\bAWS-(\d{1,2})\b/g)].map((id) => Number(id[1]));
    return rows.length === 0 ? [] : [{ title, rows: [...new Set(rows)] }];
  });
}

/** The table of all rows, from the rows and the titles of tests alone. */
export function fidelityPage(rows: readonly Row[], titles: readonly TestTitle[]): string {
  const count = (status: Row["status"]): number => rows.filter((row) => row.status === status).length;
  return [
    "# What the lab holds of AWS",
    "",
    `Made from test/lab/fidelity/rows.ts and the titles of the tests by \`${REGENERATE}\`; a test fails while this page is another.`,
    "Enforced: packets or the API behave so, and the tests named show it, each with a change that makes the opposite happen. Recorded only: what is said is",
    "kept, and has no effect. Not modelled: the lab does not know it. Beside single tests, test/lab/fidelity/model-and-packets.linux.test.ts holds the packets of",
    "random topologies against a model of these rules.",
    "",
    `${count("enforced")} enforced, ${count("recorded only")} recorded only, ${count("not modelled")} not modelled.`,
    "",
    "| id | rule | status | source | tests |",
    "|---|---|---|---|---|",
    ...rows.map(
      (row) =>
        `| ${rowId(row)} | ${[row.rule, ...remarks(row)].join(". Here: ")} | ${row.status} | ${source(row)} | ${tests(row, titles)} |`,
    ),
    "",
  ].join("\n");
}

/** `AWS-09` */
export function rowId({ number }: Row): string {
  return `AWS-${String(number).padStart(2, "0")}`;
}

function remarks({ status, but, meanwhile }: Row): string[] {
  return [but, status === "enforced" ? undefined : meanwhile].filter((remark) => remark !== undefined);
}

function source({ page }: Row): string {
  const name = page.slice(page.lastIndexOf("/") + 1).replace(/\.html$/, "");
  return `[${name}](https://docs.aws.amazon.com/${page})`;
}

function tests({ number }: Row, titles: readonly TestTitle[]): string {
  const files = Map.groupBy(
    titles.filter(({ rows }) => rows.includes(number)),
    ({ file }) => file,
  );
  return [...files]
    .map(([file, found]) => `${file.replace(/^test\//, "")}: ${found.map(({ title }) => escaped(title)).join("; ")}`)
    .join("<br>");
}

/** Without ids and pages, which are in other columns. */
function escaped(title: string): string {
  return title
    .replaceAll(/ ?\((?:AWS-\d+(?:, )?)+\)/g, "")
    .replaceAll(/ \([A-Za-z0-9]+\/latest\/[^)]*\)/g, "")
    .replace(/^AWS-\d+:? /, "")
    .replaceAll("|", "\\|")
    .replaceAll(/[<>*_]/g, (sign) => `\\${sign}`);
}
