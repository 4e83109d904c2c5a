/** What charts draw. */

/** As the API tells numbers: as text above 2^53. */
export type Amount = number | string;

export interface ChartSeries {
  /** Names it within the chart. */
  readonly key: string;
  readonly label: string;
  readonly color: string;
  /** One for each step. */
  readonly values: readonly Amount[];
}

/** Somebody did not report then, ms since 1970. */
export interface ChartGap {
  readonly reporter: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Steps of a chart, one after the other. */
export interface Steps {
  /** Beginning of the first one. */
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

export function endOf({ fromMs, stepMs, count }: Steps): number {
  return fromMs + stepMs * count;
}

/** Of all series, step by step. */
export function totals(series: readonly Pick<ChartSeries, "values">[], count: number): Amount[] {
  return Array.from({ length: count }, (_, i) => add(series.map(({ values }) => values[i] ?? 0)));
}

/** Exact, however large. */
export function add(amounts: readonly Amount[]): Amount {
  if (amounts.every((amount) => typeof amount === "number")) {
    const sum = amounts.reduce((all: number, amount) => all + Number(amount), 0);
    if (Math.abs(sum) <= Number.MAX_SAFE_INTEGER) return sum;
  }
  const sum = amounts.reduce((all, amount) => all + BigInt(typeof amount === "number" ? Math.round(amount) : amount), 0n);
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : String(sum);
}

export interface Band {
  readonly low: number;
  readonly high: number;
}

/** Each series on top of those before it. */
export function stacked(series: readonly Pick<ChartSeries, "values">[], count: number): Band[][] {
  const base = new Array<number>(count).fill(0);
  return series.map(({ values }) =>
    base.map((low, i) => {
      const high = low + Number(values[i] ?? 0);
      base[i] = high;
      return { low, high };
    }),
  );
}
