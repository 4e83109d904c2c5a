/** What is wrong with single rows of a batch: they are refused alone, and whoever sent them is told why. */
import type { FlowBatch, JsonValue } from "@flowtrail/model";

export type RejectCode =
  | "NOT_JSON"
  | "BAD_VALUE"
  | "MISSING"
  | "BAD_TIME"
  | "TOO_OLD"
  | "IN_FUTURE"
  | "OUT_OF_RANGE"
  | "REPORTER_MISMATCH"
  | "NETWORK_NOT_ALLOWED"
  | "RESERVED_NETWORK";

export interface RejectedRow {
  /** Place in the upload, from 0. For NDJSON: among its lines that are not empty. */
  readonly row: number;
  readonly code: RejectCode;
  readonly message: string;
  /** What was sent, as far as it could be read, for the dead-letter table. */
  readonly content: string;
}

/** Rows that could be read, each with its place in the upload. */
export interface ReadRows {
  readonly batch: FlowBatch;
  /** Of row i of `batch`. */
  readonly places: (row: number) => number;
  readonly rejected: RejectedRow[];
}

/** Longest dead letter that is kept. */
export const MAX_CONTENT = 4096;

export function contentOf(json: Readonly<Record<string, JsonValue>>): string {
  const told = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
  return JSON.stringify(told).slice(0, MAX_CONTENT);
}
