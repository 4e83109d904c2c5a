/** What flowed evenly over a time, step by step. */

/** ms since 1970, as SQL; the last moment belongs to it. */
export interface LifeSql {
  readonly fromMs: string;
  /** At least 1. */
  readonly lengthMs: string;
}

/** Of `total`, what flowed from `loMs` to `hiMs`. Rounded down at both, so that the steps of a life add up to its total. */
export function flowedSql(total: string, life: LifeSql, loMs: string, hiMs: string): string {
  // Of most flows it is all: what is divided is dear.
  const isWhole = `${loMs} <= ${life.fromMs} AND ${life.fromMs} + ${life.lengthMs} <= ${hiMs}`;
  return `if(${isWhole}, toUInt64(${total}), toUInt64(${flowedUntil(total, life, hiMs)} - ${flowedUntil(total, life, loMs)}))`;
}

function flowedUntil(total: string, { fromMs, lengthMs }: LifeSql, untilMs: string): string {
  return `intDiv(toUInt128(${total}) * toUInt128(greatest(0, least(${untilMs} - ${fromMs}, ${lengthMs}))), toUInt128(${lengthMs}))`;
}

/** Numbers of all steps from one moment to another, both in them: one row for each. Bound parameters: origin, step. */
export function eachStepSql(firstMs: string, lastMs: string): string {
  return `arrayJoin(range(${stepAtSql(firstMs)}, ${stepAtSql(lastMs)} + 1))`;
}

export function stepAtSql(ms: string): string {
  return `intDiv(${ms} - {origin:Int64}, {step:Int64})`;
}

/** Beginning of a step, or (`after` 1) its end. */
export function stepEdgeSql(after: 0 | 1): string {
  return `({origin:Int64} + {step:Int64} * (step + ${after}))`;
}
