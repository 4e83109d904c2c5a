/**
 * Arrow IPC stream → FlowBatch, from senders that we don't trust. Reads just what our columns can be made of, and believes no length
 * before it is checked against the bytes that are there. Memory and work are bounded by the stream's length: each byte of metadata is
 * read at most 4 times, each byte of a record batch at most once for each column of ours, and there are no more rows than bits.
 */
import { WireColumn } from "./arrow-column.ts";
import { type FillState, fillColumn } from "./arrow-fill.ts";
import { readSchema, type WireField, type WireSchema } from "./arrow-schema.ts";
import { messages, WireBatch, type WireMessage } from "./arrow-stream.ts";
import { TextDictionary, Texts } from "./arrow-text.ts";
import { FlowBatch } from "./batch.ts";
import { DecodeError } from "./errors.ts";

export interface DecodedBatch {
  readonly batch: FlowBatch;
  /** The sender's words about itself, not yet validated; null where there are none or they are no JSON. */
  readonly metadata: unknown;
}

/** An agent's words about itself are a few hundred bytes; parsed JSON takes many times its text. */
const MAX_METADATA = 1 << 20;

/**
 * Decodes all record batches of a stream into one FlowBatch. Takes the columns of the column table by name and ignores others, whatever
 * their type; text and enums may come as plain or dictionary-encoded strings, addresses as 16 or 4 bytes or as text, times in any unit.
 * A value that a column can't hold is left null there (whoever checks rows then says so). Throws DecodeError only.
 */
export function decodeBatch(bytes: Uint8Array, limits: { maxRows: number }): DecodedBatch {
  let stream: StreamReader | null = null;
  for (const message of messages(bytes)) {
    if (stream === null) stream = new StreamReader(bytes, message, limits.maxRows);
    else stream.read(message);
  }
  if (stream === null) throw new DecodeError("arrow", 0, "empty: no schema message");
  return { batch: stream.batch, metadata: parseMetadata(stream.schema) };
}

const DICTIONARY_SHAPE = { nodes: 1, buffers: 3, views: 0 };

class StreamReader {
  readonly schema: WireSchema;
  batch = new FlowBatch(0);
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #maxRows: number;
  readonly #states = new Map<WireField, FillState>();

  constructor(bytes: Uint8Array, first: WireMessage, maxRows: number) {
    if (first.kind !== "schema") throw new DecodeError("arrow", first.header.at, "stream does not begin with its schema");
    this.schema = readSchema(first.header, first.version);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#maxRows = maxRows;
    for (const field of this.schema.fields) this.#states.set(field, { dictionary: null, translation: null });
  }

  read(message: WireMessage): void {
    if (message.kind === "schema") throw new DecodeError("arrow", message.header.at, "stream has a second schema");
    if (message.kind === "dictionary") this.#readDictionary(message);
    else this.#readBatch(message);
  }

  #readDictionary({ header, body }: WireMessage): void {
    const id = header.i64(0);
    const fields = this.schema.fields.filter((field) => field.dictionary?.id === id);
    const [field] = fields;
    // Others are of columns that we don't take, or of types that none of ours can be read from (which its record batch will tell).
    if (!field || (field.type.kind !== "text" && field.type.kind !== "binary")) return;
    const values = header.table(1);
    if (!values) throw new DecodeError("arrow", header.at, "dictionary has no values");
    const wire = new WireBatch(this.#view, values, body, DICTIONARY_SHAPE);
    const part = new Texts(
      new WireColumn(this.#bytes, wire, { ...field, node: 0, buffer: 0, views: 0, dictionary: null }),
      field.type.wide,
    );
    const known = this.#states.get(field)?.dictionary;
    const dictionary = header.u8(2) !== 0 && known ? known : new TextDictionary();
    dictionary.add(part);
    for (const each of fields) this.#stateOf(each).dictionary = dictionary;
  }

  #readBatch({ header, body }: WireMessage): void {
    const wire = new WireBatch(this.#view, header, body, this.schema);
    const rows = this.batch.length + wire.rows;
    if (rows > this.#maxRows) throw new DecodeError("arrow", header.at, `more than ${this.#maxRows} rows`);
    if (rows > this.#bytes.length * 8) throw new DecodeError("arrow", header.at, "more rows than the stream has bits");
    if (wire.rows === 0) return;
    if (this.batch.length === 0) this.batch = new FlowBatch(rows);
    const first = this.batch.addRows(wire.rows);
    for (const field of this.schema.fields) {
      const target = this.batch.column(field.column.name);
      fillColumn(target, new WireColumn(this.#bytes, wire, field), first, this.#stateOf(field));
    }
  }

  #stateOf(field: WireField): FillState {
    const state = this.#states.get(field);
    if (!state) throw new DecodeError("arrow", -1, `column ${field.column.name} is not of this schema`);
    return state;
  }
}

function parseMetadata({ metadata }: WireSchema): unknown {
  if (metadata === null) return null;
  if (metadata.length > MAX_METADATA)
    throw new DecodeError("arrow", -1, `metadata of flowtrail is longer than ${MAX_METADATA} characters`);
  try {
    return JSON.parse(metadata);
  } catch {
    return null; // told apart from valid metadata by whoever validates it
  }
}
