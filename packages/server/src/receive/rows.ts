/** What is wrong with single rows of a batch: they are refused alone, and whoever sent them is told why. */
import type { FlowBatch, JsonValue } from "@flowtrail/model";
import type { DeadLetter } from "./ports.ts";

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

/** Of a refusal, where nothing may be kept of what was sent: messages quote it. */
const PLAIN_MESSAGES: Readonly<Record<RejectCode, string>> = {
  NOT_JSON: "the line is no JSON object",
  BAD_VALUE: "a value does not fit its column",
  MISSING: "a value is missing",
  BAD_TIME: "its times don't fit each other",
  TOO_OLD: "older than what is kept",
  IN_FUTURE: "more than a day ahead of the server's clock",
  OUT_OF_RANGE: "more than can be taken",
  REPORTER_MISMATCH: "of a node that the sender does not report for",
  NETWORK_NOT_ALLOWED: "of a network that the token is not for",
  RESERVED_NETWORK: "of the network of the server's own sample traffic",
};

/** Longest dead letter that is kept. */
export const MAX_CONTENT = 4096;

export function contentOf(json: Readonly<Record<string, JsonValue>>): string {
  const told = Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
  return JSON.stringify(told).slice(0, MAX_CONTENT);
}

export function withoutContent(letter: DeadLetter): DeadLetter {
  return { ...letter, message: PLAIN_MESSAGES[letter.code], json: "" };
}
