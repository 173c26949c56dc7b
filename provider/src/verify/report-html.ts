import type { Inventory, InventoryNode } from "./inventory";
import { escapeMarkup as escape } from "./markup";
import type { VerifyReport } from "./verify";

/**
 * The report as one self-contained HTML page: networks, subnets and nodes as nested boxes, the path table, the matrix
 * of verdicts. No script, no request to anywhere; equal input gives equal bytes.
 */
export function reportHtml(inventory: Inventory, report: VerifyReport): string {
  const ok = report.failed === 0 && report.passed > 0;
  const summary =
    report.passed + report.failed === 0
      ? "nothing was tested"
      : `${report.passed} pairs passed, ${report.failed} failed`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>overlaynet: ${escape(summary)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>overlaynet <span class="${ok ? "passed" : "failed"}">${escape(summary)}</span></h1>
${report.notes.map((note) => `<p class="note">${escape(note)}</p>`).join("\n")}
<h2>Networks</h2>
<div class="networks">
${[...Map.groupBy(inventory.nodes, (node) => node.network)]
  .map(([network, nodes]) => networkBox(network, nodes, inventory))
  .join("\n")}
</div>
<h2>Workload to workload</h2>
${matrix(report)}
${htmlTable(
  "verdicts",
  ["From", "To", "Encapsulation", "MTU", "Verdict", "On the wire at the sender", "Reason"],
  report.pairs.map((p) => [p.from, p.to, p.encapsulation, String(p.mtu), p.verdict, p.wire.join(", "), p.reason]),
)}
<h2>Paths between the nodes</h2>
${htmlTable(
  "paths",
  ["From", "To", "Pool", "Encapsulation", "Next hop", "MTU", "Reason"],
  [...inventory.paths].map((p) => [p.from, p.to, p.pool, p.encapsulation, p.nextHop, String(p.mtu), p.reason]),
)}
</body>
</html>
`;
}

function networkBox(network: string, nodes: readonly InventoryNode[], inventory: Inventory): string {
  const subnets = [...Map.groupBy(nodes, ({ subnet }) => subnet)].map(([subnet, members]) => {
    const boxes = members.map((node) => {
      const workloads = inventory.workloads
        .filter((w) => w.node === node.name)
        .map((w) => `<li>${escape(w.name)} ${escape(w.address)}</li>`);
      return `<section class="node"><h5>${escape(node.name)}</h5><p>${escape(node.privateIp)}</p><ul>${workloads.join("")}</ul></section>`;
    });
    return `<section class="subnet"><h4>subnet ${escape(subnet)}</h4><div class="nodes">${boxes.join("")}</div></section>`;
  });
  return `<section class="network"><h3>VPC ${escape(network)}</h3>${subnets.join("")}</section>`;
}

function matrix(report: VerifyReport): string {
  const names = [...new Set(report.pairs.flatMap((p) => [p.from, p.to]))];
  // Beyond this a matrix is a picture of nothing: the table below it holds every pair.
  if (names.length === 0 || names.length > 60) return "";
  const verdicts = new Map(report.pairs.map((p) => [`${p.from} ${p.to}`, p]));
  const rows = names.map((from) => {
    const cells = names.map((to) => {
      const pair = verdicts.get(`${from} ${to}`);
      if (!pair) return "<td></td>";
      return `<td class="${pair.verdict}" title="${escape(pair.reason)}">${pair.verdict === "passed" ? escape(pair.encapsulation) : "failed"}</td>`;
    });
    return `<tr><th scope="row">${escape(from)}</th>${cells.join("")}</tr>`;
  });
  return `<table id="matrix"><tr><th>from \\ to</th>${names.map((name) => `<th scope="col">${escape(name)}</th>`).join("")}</tr>\n${rows.join("\n")}\n</table>`;
}

function htmlTable(id: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string =>
    `<tr${cells.includes("failed") ? ' class="failed"' : ""}>${cells.map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
  return `<table id="${id}"><thead><tr>${header.map((title) => `<th scope="col">${escape(title)}</th>`).join("")}</tr></thead>\n<tbody>\n${rows.map(row).join("\n")}\n</tbody></table>`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #cf222e; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem; max-width: 110rem; }
h1 span { font-size: 1rem; padding: .1em .6em; border-radius: 1em; color: #fff; }
h1 .passed { background: var(--good); } h1 .failed { background: var(--bad); }
.networks, .nodes { display: flex; flex-wrap: wrap; gap: .8rem; }
.network, .subnet, .node { border: 1px solid var(--line); border-radius: 6px; padding: .5rem .8rem; }
.subnet { margin: .4rem 0; } h3, h4, h5 { margin: 0 0 .3rem; } .node p, .node ul { margin: 0; padding: 0; list-style: none; }
table { border-collapse: collapse; margin: .8rem 0; display: block; overflow-x: auto; }
td, th { border: 1px solid var(--line); padding: .2rem .5rem; text-align: left; }
td.passed { color: var(--good); } td.failed, tr.failed { color: var(--bad); font-weight: 600; }
.note { border-left: 3px solid var(--line); padding-left: .6rem; }
@media print { body { margin: 0; } table { display: table; } }
`;
