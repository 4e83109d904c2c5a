/** What the values of a chart are, in words: short on the axis, exact where one looks closely. */
import { formatBytes, formatCount, formatExactBytes } from "@flowtrail/model";
import { scaleLinear } from "d3-scale";
import type { Amount } from "./series.ts";

type CountUnit = "packets" | "connections" | "reports";
type CountRate = `${CountUnit}/s`;
/** `%`: of all, 0 to 100. */
export type ChartUnit = "bytes" | "bytes/s" | "domains" | "alerts" | CountUnit | CountRate | "%";

function isCountRate(unit: ChartUnit): unit is CountRate {
  return unit !== "bytes/s" && unit.endsWith("/s");
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const small = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 });
const decimal = new Intl.NumberFormat("en-US", { maximumFractionDigits: 3 });

/** `2.36 KiB`, `1.2K` */
export function formatShort(amount: Amount, unit: ChartUnit): string {
  const value = Number(amount);
  switch (unit) {
    case "bytes":
      return formatBytes(Math.round(value));
    case "bytes/s":
      return `${formatBytes(value < 1024 ? Math.round(value * 10) / 10 : value)}/s`;
    case "connections/s":
    case "packets/s":
    case "reports/s":
      if (value < 1) return `${small.format(value)}/s`;
      return `${value < 1000 ? decimal.format(Math.round(value * 100) / 100) : compact.format(value)}/s`;
    case "%":
      return `${decimal.format(Math.round(value * 10) / 10)} %`;
    default:
      return value < 10_000 ? formatCount(value) : compact.format(value);
  }
}

/** `2,417 bytes`, `1,204 connections` */
export function formatExact(amount: Amount, unit: ChartUnit): string {
  const count = typeof amount === "number" ? amount : BigInt(amount);
  switch (unit) {
    case "bytes":
      return formatExactBytes(count);
    case "bytes/s":
      return `${decimal.format(count)} bytes/s`;
    case "connections/s":
    case "packets/s":
    case "reports/s":
      return `${decimal.format(count)} ${unit}`;
    case "%":
      return `${decimal.format(count)} %`;
    default:
      return `${formatCount(count)} ${Number(count) === 1 ? unit.slice(0, -1) : unit}`;
  }
}

export interface ValueAxis {
  /** The value at the upper edge. */
  readonly top: number;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
}

/** Round numbers of the unit: of bytes multiples of KiB, MiB, …; of things whole ones. */
export function valueAxis(max: number, unit: ChartUnit, ticks: number): ValueAxis {
  const isBytes = unit === "bytes" || unit === "bytes/s";
  const base = isBytes ? 1024 ** Math.min(4, Math.floor(Math.log2(Math.max(1, max)) / 10)) : 1;
  const least = isCountRate(unit) || unit === "bytes/s" ? Number.MIN_VALUE : 1;
  const scale = scaleLinear()
    .domain([0, max > 0 ? Math.max(max, least) / base : 1])
    .nice(ticks);
  const values = scale
    .ticks(ticks)
    .filter((value) => value > 0 && (unit !== "%" || value <= 100) && (base > 1 || least < 1 || Number.isInteger(value)));
  return {
    // Nothing has more than all.
    top: unit === "%" ? 100 : (scale.domain()[1] ?? 1) * base,
    ticks: max <= 0 ? [] : values.map((value) => ({ value: value * base, label: tickLabel(value, base, unit) })),
  };
}

function tickLabel(value: number, base: number, unit: ChartUnit): string {
  if (unit === "bytes" || unit === "bytes/s") {
    const name = ["B", "KiB", "MiB", "GiB", "TiB"][Math.round(Math.log2(base) / 10)] ?? "B";
    return `${decimal.format(value)} ${name}${unit === "bytes/s" ? "/s" : ""}`;
  }
  return `${compact.format(value)}${isCountRate(unit) ? "/s" : unit === "%" ? " %" : ""}`;
}
