/** What a question may cost, by who asks. A person waits for the answer and can leave; a program asks again and again, and nobody watches. */
import type { QueryLimits } from "../store/clickhouse.ts";

export type AskerKind = "person" | "program";

/** Of any answer: it is in our memory as a whole. What is longer is exported. */
const MAX_RESULT_ROWS = 200_000;

export interface Caps extends QueryLimits {
  readonly maxResultRows: number;
  /** The options that raise them, for those who are told that it was not enough. */
  readonly options: { readonly time: string; readonly rows: string; readonly memory: string };
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
