/** Where a set has too many flows to look at all of them: a part of it, taken evenly from all of its time. */
import type { TimeRange } from "@flowtrail/model";
import { FLOWS } from "../store/schema/flow-tables.ts";
import type { FlowSet } from "./flow-set-sql.ts";
import type { Inquiry, Question } from "./inquiry.ts";
import { moment } from "./sql.ts";

const STRETCHES = 32;
/** A sample is a quarter of what may be looked at: it comes after an attempt to look at all. */
const SAMPLED = 4;
const TOO_MUCH = new Set<unknown>(["STORE_LIMIT", "STORE_TIMEOUT", "QUERY_TOO_LARGE", "QUERY_TOO_SLOW"]);

export interface Counted<T> {
  readonly rows: T[];
  /** Null: all flows were looked at. */
  readonly sample: {
    /** Of the flows that began in the range. */
    readonly share: number;
    /** For people. */
    readonly note: string;
  } | null;
}

/**
 * Asks about all flows of a set, or about a sample where these are more than `mostRows` rows, and marks the inquiry then.
 * @param question `weight`: how many flows one that began in a stretch of the set stands for
 * @throws StoreError, QuestionError
 */
export async function countedFlows<T>(
  set: FlowSet,
  question: (set: FlowSet, weight: number) => Question,
  mostRows: number,
  inquiry: Inquiry,
): Promise<Counted<T>> {
  const limits = { maxRowsToRead: mostRows, maxExecutionMs: MOST_MS };
  const whole = question(set, 1);
  try {
    return { rows: await inquiry.rows<T>({ ...whole, options: { ...whole.options, limits } }), sample: null };
  } catch (error) {
    if (!TOO_MUCH.has((error as { code?: unknown }).code)) throw error;
  }
  const share = Math.min(0.5, mostRows / SAMPLED / Math.max(1, await begun(set.range, inquiry)));
  // Of ended flows only: open ones are all looked at, and count once.
  const part = question({ ...set, began: set.began.flatMap((stretch) => evenly(stretch, share)) }, 1 / share);
  const rows = await inquiry.rows<T>(part);
  inquiry.markPartial();
  // The share tells how many flows there are, of all networks.
  const held = inquiry.isNarrowed ? "" : ` that hold ${percent(share)} of the range`;
  const note = `estimated from ${STRETCHES} stretches of time${held}`;
  return { rows, sample: { share, note } };
}

/** Of an attempt to look at all. */
const MOST_MS = 3000;

/** Rows of ended flows that began in the range: the index knows it. */
async function begun({ fromMs, toMs }: TimeRange, inquiry: Inquiry): Promise<number> {
  const [row] = await inquiry.rows<{ n: string }>({
    table: FLOWS.name,
    sql: `SELECT count() AS n FROM ${FLOWS.name} WHERE start >= ${moment("from")} AND start < ${moment("to")}`,
    bindings: { from: fromMs, to: toMs },
  });
  return Number(row?.n ?? 0);
}

/** The middle of each of so many equal parts. */
export function evenly({ fromMs, toMs }: TimeRange, share: number): TimeRange[] {
  const widthMs = (toMs - fromMs) / STRETCHES;
  return Array.from({ length: STRETCHES }, (_, i) => {
    const middleMs = fromMs + (i + 0.5) * widthMs;
    const halfMs = (widthMs * share) / 2;
    return { fromMs: Math.round(middleMs - halfMs), toMs: Math.round(middleMs + halfMs) };
  });
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(2)} %`;
}
