import { useId } from "react";
import type { GapBand } from "./gaps.ts";
import { type Plot, xOf } from "./geometry.ts";
import type { Steps } from "./series.ts";

/** Hatched where somebody was silent: less is told of that time. */
export function GapMarks({ bands, plot, steps }: { bands: readonly GapBand[]; plot: Plot; steps: Steps }) {
  const id = useId();
  if (bands.length === 0) return null;
  return (
    <g className="chart-gaps">
      <pattern id={id} width={6} height={6} patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <line className="chart-hatch" x1={0} x2={0} y1={0} y2={6} />
      </pattern>
      {bands.map((band) => {
        const x = xOf(band.fromMs, plot, steps);
        const width = Math.max(2, xOf(band.toMs, plot, steps) - x);
        return (
          <g key={band.fromMs}>
            <rect x={x} y={plot.top} width={width} height={plot.height} fill={`url(#${id})`} />
            <rect className="chart-gap-edge" x={x} y={plot.top} width={width} height={2.5} />
          </g>
        );
      })}
    </g>
  );
}
