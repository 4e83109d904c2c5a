/** What a question may cost, by who asks. A person waits for the answer and can leave; a program asks again and again, and nobody watches. */
import type { QueryLimits } from "../store/clickhouse.ts";

export type AskerKind = "person" | "program";

/** Of any answer: it is in our memory as a whole. What is longer is exported. */
const MAX_RESULT_ROWS = 200_000;

export interface Caps extends QueryLimits {
  readonly maxResultRows: number;
  /** The options that raise them, for those who are told that it was not enough. Null: none does. */
  readonly options: Readonly<Record<"time" | "rows" | "memory", string | null>>;
  /** May see the statements that are made of a question. */
  readonly explain: boolean;
}

export interface CapsConfig {
  readonly max_seconds: number;
  readonly max_memory: number;
  readonly max_rows: number;
  readonly programs: { readonly max_seconds: number; readonly max_rows: number };
}

/** @param config `query` of the server's configuration */
export function capsOf(kind: AskerKind, config: CapsConfig): Caps {
  const own = kind === "program" ? config.programs : config;
  const prefix = kind === "program" ? "query.programs" : "query";
  return {
    maxExecutionMs: own.max_seconds * 1000,
    maxRowsToRead: own.max_rows,
    maxMemoryBytes: config.max_memory,
    maxResultRows: MAX_RESULT_ROWS,
    options: { time: `${prefix}.max_seconds`, rows: `${prefix}.max_rows`, memory: "query.max_memory" },
    explain: kind === "person",
  };
}

/** What a question may cost that has limits of its own: of both the smaller ones. Those of its own no option raises. 0: no limit. */
export function within(caps: Caps, own: Partial<QueryLimits> = {}): Caps {
  const isOwn = (name: keyof QueryLimits) => {
    const [limit = 0, cap = 0] = [own[name], caps[name]];
    return limit > 0 && (cap === 0 || limit < cap);
  };
  const smaller = <N extends keyof QueryLimits>(name: N) => ({ ...caps, ...(isOwn(name) ? own : {}) })[name];
  const { time, rows, memory } = caps.options;
  return {
    maxExecutionMs: smaller("maxExecutionMs"),
    maxRowsToRead: smaller("maxRowsToRead"),
    maxMemoryBytes: smaller("maxMemoryBytes"),
    maxResultRows: smaller("maxResultRows"),
    options: {
      time: isOwn("maxExecutionMs") ? null : time,
      rows: isOwn("maxRowsToRead") ? null : rows,
      memory: isOwn("maxMemoryBytes") ? null : memory,
    },
    explain: caps.explain,
  };
}
