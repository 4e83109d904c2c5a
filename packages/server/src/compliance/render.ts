/** A compliance report as a page to print, and as a table. What strangers chose (names, domains) is text in both. */
import { csvValue } from "../api/csv-value.ts";
import type { ComplianceReport } from "./report.ts";

const iso = (ms: number) => new Date(ms).toISOString();

const STYLE =
  "body{font:14px/1.4 system-ui,sans-serif;margin:2rem;color:#111}table{border-collapse:collapse;width:100%}" +
  "th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid #ccc;overflow-wrap:anywhere}thead{display:table-header-group}" +
  "tr{break-inside:avoid}dt{font-weight:600}dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dd{margin:0}" +
  "@page{margin:15mm}";

/** Needs nothing else, and runs nothing. */
export function reportHtml({ title, range, madeMs, who, q, totals, columns, rows, more }: ComplianceReport): string {
  const facts: (readonly [string, string])[] = [
    ["From", iso(range.fromMs)],
    ["To", iso(range.toMs)],
    ["Made", `${iso(madeMs)} for ${who}`],
    ...(q === "" ? [] : [["Filter", q] as const]),
    ...totals,
  ];
  const cells = (tag: "td" | "th", row: readonly string[]) => row.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join("");
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escaped(title)}</h1><dl>${facts.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl>`,
    `<table><thead><tr>${cells("th", columns)}</tr></thead><tbody>`,
    ...rows.map((row) => `<tr>${cells("td", row)}</tr>`),
    `</tbody></table>${rows.length === 0 ? "<p>There is none.</p>" : ""}${more === "" ? "" : `<p>${escaped(more)}</p>`}</body></html>\n`,
  ].join("\n");
}

/** The rows, and in a last line what is behind them. */
export function reportCsv({ columns, rows, more }: ComplianceReport): string {
  const line = (values: readonly string[]) => `${values.map(csvValue).join(",")}\r\n`;
  return [line(columns), ...rows.map(line), ...(more === "" ? [] : [line([more])])].join("");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
