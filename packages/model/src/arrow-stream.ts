/** Arrow's IPC stream (Message.fbs): its messages, and the parts of a record batch, each checked against the bytes that are there. */
import { FlatBuffer, type FlatTable, safeInt64 } from "./arrow-flatbuffer.ts";
import type { WireShape } from "./arrow-schema.ts";
import { DecodeError } from "./errors.ts";

export interface WireMessage {
  /** V4 = 3, V5 = 4. */
  readonly version: number;
  readonly kind: "schema" | "dictionary" | "batch";
  readonly header: FlatTable;
  /** The message's body in the stream. */
  readonly body: Range;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

const KINDS: readonly (WireMessage["kind"] | null)[] = [null, "schema", "dictionary", "batch"];
const CONTINUATION = 0xffffffff;
/** Of one message: far more than columns of any sender take, and less than what a string can hold. */
const MAX_METADATA_BYTES = 1 << 24;
const FILE_MAGIC = [65, 82, 82, 79, 87, 49]; // "ARROW1"

/** The messages of a stream, one after another. A stream ends with its end mark, or where its bytes end between two messages. */
export function* messages(bytes: Uint8Array): Generator<WireMessage> {
  if (FILE_MAGIC.every((byte, i) => bytes[i] === byte))
    throw new DecodeError("arrow", 0, "this is Arrow's file format: send the stream format");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const prefix = metadataRange(view, at);
    if (prefix.start === prefix.end) {
      if (prefix.end < bytes.length) throw new DecodeError("arrow", prefix.end, "bytes follow the end of the stream");
      return;
    }
    const message = readMessage(view, prefix);
    yield message;
    at = message.body.end;
  }
}

/** Before 0.15, Arrow's messages began with their length and without the continuation mark. */
function metadataRange(view: DataView, at: number): Range {
  const marked = at + 4 <= view.byteLength && view.getUint32(at, true) === CONTINUATION;
  const start = at + (marked ? 8 : 4);
  if (start > view.byteLength) throw new DecodeError("arrow", at, "stream ends within a message");
  const length = view.getInt32(start - 4, true);
  if (length < 0 || start + length > view.byteLength) throw new DecodeError("arrow", at, "message is longer than the stream");
  if (length > MAX_METADATA_BYTES)
    throw new DecodeError("arrow", at, `message has more metadata than ${MAX_METADATA_BYTES} bytes`);
  return { start, end: start + length };
}

function readMessage(view: DataView, metadata: Range): WireMessage {
  const message = new FlatBuffer(view, metadata.start, metadata.end).root();
  const version = message.i16(0);
  if (version !== 3 && version !== 4)
    throw new DecodeError("arrow", message.at, `metadata version ${version + 1} is neither 4 nor 5`);
  const kind = KINDS[message.u8(1)];
  const header = message.table(2);
  if (!kind || !header) throw new DecodeError("arrow", message.at, "message is no schema, dictionary or record batch");
  const body = { start: metadata.end, end: metadata.end + message.i64(3) };
  if (body.end > view.byteLength) throw new DecodeError("arrow", message.at, "message body is longer than the stream");
  return { version, kind, header, body };
}

/** A record batch, or the values of a dictionary: rows, and where each buffer lies. */
export class WireBatch {
  readonly rows: number;
  readonly #view: DataView;
  readonly #body: Range;
  readonly #nodes: number;
  readonly #buffers: number;
  readonly #viewBuffers: number[] = [0];

  constructor(view: DataView, header: FlatTable, body: Range, shape: WireShape) {
    this.#view = view;
    this.#body = body;
    this.rows = header.i64(0);
    if (header.table(3))
      throw new DecodeError(
        "arrow",
        header.at,
        "compressed buffers are not taken: send them plain, and the whole upload with zstd",
      );
    const nodes = header.vector(1, 16);
    const buffers = header.vector(2, 16);
    const counts = header.vector(4, 8);
    if (counts.length !== shape.views)
      throw new DecodeError("arrow", header.at, "record batch does not fit the schema's view columns");
    let sum = 0;
    for (let i = 0; i < counts.length; i++) {
      sum += safeInt64(view, counts.at + i * 8);
      this.#viewBuffers.push(sum);
    }
    if (nodes.length !== shape.nodes || buffers.length !== shape.buffers + sum)
      throw new DecodeError("arrow", header.at, "record batch does not have the buffers that the schema asks for");
    this.#nodes = nodes.at;
    this.#buffers = buffers.at;
  }

  /** Length and number of nulls of a column. */
  node(place: number): { readonly length: number; readonly nulls: number } {
    const at = this.#nodes + place * 16;
    return { length: safeInt64(this.#view, at), nulls: safeInt64(this.#view, at + 8) };
  }

  /** Where a buffer lies in the stream. `views`: how many view columns come before it. */
  buffer(place: number, views: number): Range {
    const at = this.#buffers + (place + (this.#viewBuffers[views] ?? 0)) * 16;
    const start = this.#body.start + safeInt64(this.#view, at);
    const end = start + safeInt64(this.#view, at + 8);
    if (end > this.#body.end) throw new DecodeError("arrow", at, "buffer lies outside of its message");
    return { start, end };
  }
}
