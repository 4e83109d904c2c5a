import { area, line } from "d3-shape";
import type { Amount } from "./series.ts";
import "./sparkline.css";

export interface SparklineProps {
  readonly values: readonly Amount[];
  /** Says in words what is drawn. */
  readonly label: string;
  readonly width?: number;
  readonly height?: number;
}

/** How something went, without numbers: these stand beside it. */
export function Sparkline({ values, label, width = 120, height = 30 }: SparklineProps) {
  const numbers = values.map(Number);
  const top = Math.max(0, ...numbers);
  const x = (i: number) => (numbers.length < 2 ? width / 2 : 1 + (i / (numbers.length - 1)) * (width - 2));
  const y = (value: number) => height - 1.5 - (top === 0 ? 0 : (value / top) * (height - 3));
  const shape = area<number>()
    .x((_, i) => x(i))
    .y0(height)
    .y1(y);
  const stroke = line<number>()
    .x((_, i) => x(i))
    .y(y);
  return (
    <svg className="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path className="sparkline-area" d={shape(numbers) ?? ""} />
      <path className="sparkline-line" d={stroke(numbers) ?? ""} />
    </svg>
  );
}
