/** Rows of flows → the text of each output format. */
import { type FlowJson, STORED_COLUMNS } from "@flowtrail/model";
import { cleanJson } from "../terminal/clean.ts";
import { csvLine } from "../terminal/csv.ts";
import type { Style } from "../terminal/style.ts";
import { headLine, type Layout, layOut, roomy, rowLine } from "../terminal/table.ts";
import { compactLine, flowColumns, type ShowOptions } from "./observe-row.ts";

export const FLOW_FORMATS = ["compact", "table", "json", "csv"] as const;
export type FlowFormat = (typeof FLOW_FORMATS)[number];

export interface FlowFormatter {
  /** @param lines rows as the server sent them; tables take their widths from the first ones */
  text(lines: readonly string[]): string;
}

export function flowFormatter(
  format: FlowFormat,
  options: ShowOptions,
  to: { readonly style: Style; readonly width: number | null; readonly follows: boolean },
): FlowFormatter {
  switch (format) {
    case "json":
      return { text: (lines) => lines.map((line) => `${cleanJson(line)}\n`).join("") };
    case "compact":
      return { text: (lines) => lines.map((line) => `${compactLine(flowOf(line), options, to.style)}\n`).join("") };
    case "csv":
      return new Csv();
    case "table":
      return new Table(options, to);
  }
}

const flowOf = (line: string) => JSON.parse(line) as FlowJson;

class Csv implements FlowFormatter {
  #isBegun = false;

  text(lines: readonly string[]): string {
    const names = STORED_COLUMNS.map(({ name }) => name);
    const head = this.#isBegun ? "" : csvLine(names);
    this.#isBegun = true;
    const rows = lines.map((line) => {
      const flow: Readonly<Record<string, unknown>> = flowOf(line);
      return csvLine(names.map((name) => flow[name]));
    });
    return head + rows.join("");
  }
}

/** Where nothing says how wide it is, and rows come one by one. */
const FOLLOWED_WIDTH = 160;

class Table implements FlowFormatter {
  readonly #options: ShowOptions;
  readonly #to: Parameters<typeof flowFormatter>[2];
  #layout: Layout<FlowJson> | null = null;

  constructor(options: ShowOptions, to: Parameters<typeof flowFormatter>[2]) {
    this.#options = options;
    this.#to = to;
  }

  text(lines: readonly string[]): string {
    const { style } = this.#to;
    const flows = lines.map(flowOf);
    const isFirst = this.#layout === null;
    const layout = this.#layout ?? this.#layOut(flows);
    this.#layout = layout;
    const rows = flows.map((flow) => rowLine(layout, flow, style));
    return [...(isFirst ? [headLine(layout, style)] : []), ...rows].map((line) => `${line}\n`).join("");
  }

  #layOut(flows: readonly FlowJson[]): Layout<FlowJson> {
    const { width, follows } = this.#to;
    const columns = flowColumns(this.#options);
    if (!follows) return layOut(columns, flows, width);
    const known = width ?? FOLLOWED_WIDTH;
    return roomy(layOut(columns, flows, known), known);
  }
}
