/** What each end of a flow sent over its life → what a chart draws. */
import type { FlowJson } from "@flowtrail/model";
import type { TimelineAnswer } from "../../lib/types-flow.ts";
import { type Amount, add, type ChartSeries, type Steps } from "../../ui/charts/series.ts";
import { endText } from "../traffic/describe.ts";

export interface TimelineChart {
  readonly series: readonly ChartSeries[];
  readonly steps: Steps;
  /** The step in which both ends together sent most; null: they sent nothing. */
  readonly busiest: { readonly fromMs: number; readonly amount: Amount } | null;
}

export function timelineChart({ from, step_ms, src_bytes, dst_bytes }: TimelineAnswer, flow: FlowJson): TimelineChart {
  const fromMs = Date.parse(from);
  const name = (end: "src" | "dst") => endText(flow, end).main;
  const together = src_bytes.map((sent, i) => add([sent, dst_bytes[i] ?? 0]));
  const most = together.reduce<number>((best, amount, i) => (Number(amount) > Number(together[best]) ? i : best), 0);
  const amount = together[most] ?? 0;
  return {
    series: [
      { key: "src", label: `${name("src")} sent`, color: "var(--series-1)", values: src_bytes },
      { key: "dst", label: `${name("dst")} sent`, color: "var(--series-2)", values: dst_bytes },
    ],
    steps: { fromMs, stepMs: step_ms, count: src_bytes.length },
    busiest: Number(amount) === 0 ? null : { fromMs: fromMs + most * step_ms, amount },
  };
}
