/** An Arrow IPC stream, as our agents send it. */
import { type DecodedBatch, DecodeError, decodeBatch } from "@flowtrail/model";
import { ReceiveError } from "./errors.ts";
import type { ReadRows } from "./rows.ts";

/** @throws ReceiveError BAD_BATCH, TOO_LARGE */
export function readArrow(bytes: Uint8Array, limits: { maxRows: number }): ReadRows & { readonly metadata: unknown } {
  const { batch, metadata } = decode(bytes, limits);
  return { batch, metadata, places: (row) => row, rejected: [] };
}

function decode(bytes: Uint8Array, limits: { maxRows: number }): DecodedBatch {
  try {
    return decodeBatch(bytes, limits);
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause;
    if (cause.message.includes(`more than ${limits.maxRows} rows`)) {
      throw new ReceiveError({ code: "TOO_LARGE", what: "rows", limit: limits.maxRows }, cause.message, { cause });
    }
    throw new ReceiveError({ code: "BAD_BATCH" }, cause.message, { cause });
  }
}
