/** What an answer says as a whole. */
import type { OverviewAnswer } from "../../lib/types-charts.ts";

/** Was there no traffic at all, and is there none now? */
export function isEmpty({ tiles, chart }: Pick<OverviewAnswer, "tiles" | "chart">): boolean {
  const nothing = (values: readonly (number | string)[]) => values.every((value) => Number(value) === 0);
  return tiles.open === 0 && nothing(tiles.connections.series) && nothing(tiles.throughput.series) && chart.series.every(nothing);
}

/** Was there any traffic in the time before? Else all would be new. */
export function isCompared({ tiles }: Pick<OverviewAnswer, "tiles">): boolean {
  return Number(tiles.throughput.previous) > 0 || Number(tiles.connections.previous) > 0;
}
