/** Times in which somebody was silent, as bands of a chart. */
import type { ChartGap } from "./series.ts";

export interface GapBand {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reporters: readonly string[];
}

/** Bands that do not overlap, each with all who were silent in it; neighbours of the same are one. */
export function gapBands(gaps: readonly ChartGap[], fromMs: number, toMs: number): GapBand[] {
  const shown = gaps
    .map((gap) => ({ ...gap, fromMs: Math.max(gap.fromMs, fromMs), toMs: Math.min(gap.toMs, toMs) }))
    .filter((gap) => gap.fromMs < gap.toMs);
  const edges = [...new Set(shown.flatMap((gap) => [gap.fromMs, gap.toMs]))].sort((a, b) => a - b);
  const bands: GapBand[] = [];
  for (const [i, begin] of edges.entries()) {
    const end = edges[i + 1];
    if (end === undefined) break;
    const reporters = silentIn(shown, begin, end);
    const last = bands.at(-1);
    if (reporters.length === 0) continue;
    if (last?.toMs === begin && last.reporters.join("\n") === reporters.join("\n"))
      bands[bands.length - 1] = { ...last, toMs: end };
    else bands.push({ fromMs: begin, toMs: end, reporters });
  }
  return bands;
}

/** Who was silent for some of this time, by name. */
export function silentIn(gaps: readonly ChartGap[], fromMs: number, toMs: number): string[] {
  const names = gaps.filter((gap) => gap.fromMs < toMs && gap.toMs > fromMs).map(({ reporter }) => reporter);
  return [...new Set(names)].sort();
}
