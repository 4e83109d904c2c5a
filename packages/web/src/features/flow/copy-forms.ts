/** A row in other forms: to be pasted into a ticket, a script, a shell. */
import { explainFlow, type FlowJson, printFilter } from "@flowtrail/model";
import { flowKey, flowPath } from "../../lib/api.ts";
import type { Clock } from "../../lib/clock.ts";
import { curlCommand, quoted } from "../export/export-request.ts";
import { factGroups } from "./fact-list.ts";

export interface CopyForm {
  readonly id: "text" | "json" | "markdown" | "curl" | "cli";
  readonly label: string;
  /** @param origin of the server */
  readonly of: (flow: FlowJson, clock: Clock, origin: string) => string;
}

export const COPY_FORMS: readonly CopyForm[] = [
  { id: "text", label: "Text", of: asText },
  { id: "json", label: "JSON", of: asJson },
  { id: "markdown", label: "Markdown", of: asMarkdown },
  { id: "curl", label: "curl command", of: (flow, _clock, origin) => curlCommand(origin, flowPath(flowKey(flow)), null) },
  { id: "cli", label: "flowtrail command", of: asCommand },
];

export function asJson(flow: FlowJson): string {
  return JSON.stringify(flow, null, 2);
}

function lines(flow: FlowJson, clock: Clock): readonly (readonly [label: string, text: string])[] {
  return factGroups(flow, clock).flatMap(({ facts }) =>
    facts.map(({ label, parts, below = [] }) => {
      const more = below.map(({ text }) => text).join(", ");
      return [label, parts.map(({ text }) => text).join(" · ") + (more === "" ? "" : ` (${more})`)] as const;
    }),
  );
}

function asText(flow: FlowJson, clock: Clock): string {
  return [explainFlow(flow), "", ...lines(flow, clock).map(([label, text]) => `${label}: ${text}`)].join("\n");
}

function asMarkdown(flow: FlowJson, clock: Clock): string {
  const rows = lines(flow, clock).map(([label, text]) => `| ${cell(label)} | ${cell(text)} |`);
  return [`**${cell(explainFlow(flow))}**`, "", "| | |", "|---|---|", ...rows].join("\n");
}

/** In one line; names may hold what Markdown has a meaning for. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll(/[\\`*_[\]<>|]/g, "\\$&");
}

/** Writes this report as one line of JSON, on the server's own machine; elsewhere it wants --server and --token-file. */
function asCommand(flow: FlowJson): string {
  const q = printFilter({
    kind: "and",
    parts: [
      { kind: "is", field: "network", values: [flow.network], not: false },
      { kind: "is", field: "reporter", values: [flow.reporter], not: false },
      { kind: "is", field: "flow_id", values: [String(flow.flow_id)], not: false },
    ],
  });
  const startMs = Date.parse(flow.start);
  // A range without its end; whoever was active in it is found.
  const [from, to] = [new Date(startMs).toISOString(), new Date(startMs + 1).toISOString()];
  return `flowtrail export --format ndjson --reports all --from ${from} --to ${to} --q ${quoted(q)}`;
}
