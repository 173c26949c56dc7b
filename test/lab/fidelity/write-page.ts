import { writeFileSync } from "node:fs";
import { fidelityPage, pageFile, testTitles } from "./page";
import { rows } from "./rows";

writeFileSync(pageFile, fidelityPage(rows, testTitles()));
