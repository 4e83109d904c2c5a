/** A batch that is too large for the server, as two. */
import {
  type BatchMetadata,
  type DecodedBatch,
  DecodeError,
  decodeBatch,
  encodeBatch,
  type FlowBatch,
  SENDER_COLUMNS,
} from "@flowtrail/model";

export interface Half {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** The two halves, each with the whole batch's metadata but for its counts, which go with the first. Null if there are less than two rows, or it can't be read. */
export function halves(bytes: Uint8Array): [Half, Half] | null {
  const { batch, metadata } = decoded(bytes) ?? { batch: null, metadata: null };
  if (batch === null || batch.length < 2) return null;
  const middle = batch.length >> 1;
  // We wrote it ourselves.
  const told = metadata as BatchMetadata;
  return [
    half(
      batch.filter((row) => row < middle),
      told,
    ),
    half(
      batch.filter((row) => row >= middle),
      { ...told, drops: {} },
    ),
  ];
}

function decoded(bytes: Uint8Array): DecodedBatch | null {
  try {
    return decodeBatch(bytes, { maxRows: Number.MAX_SAFE_INTEGER });
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function half(batch: FlowBatch, metadata: BatchMetadata): Half {
  return { bytes: encodeBatch(batch, { columns: SENDER_COLUMNS, metadata }), rows: batch.length };
}
