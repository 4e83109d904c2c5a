/**
 * Several Parquet files of the same columns → one: the row groups one after the other, and a footer that knows where they are now.
 * So an export is as long as it likes, while ClickHouse writes parts of it.
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { readThrift, THRIFT, type ThriftField, type ThriftList, type ThriftStruct, writeThrift } from "./thrift.ts";

const MAGIC = Buffer.from("PAR1");
/** Of the footer: its length and the magic. */
const TAIL = 8;
// FileMetaData
const NUM_ROWS = 3;
const ROW_GROUPS = 4;
// RowGroup
const COLUMNS = 1;
const GROUP_OFFSET = 5;
const ORDINAL = 7;
// ColumnChunk
const CHUNK_OFFSET = 2;
const META_DATA = 3;
// ColumnMetaData: where its data pages, its index page and its dictionary page begin
const PAGE_OFFSETS = [9, 10, 11];

export class ParquetJoin {
  #footer: ThriftStruct | null = null;
  /** As they stand in the footer. */
  readonly #groups: Uint8Array[] = [];
  #rows = 0n;
  #written = MAGIC.length;

  /** What is to be written of the next file. The first one tells the columns, and may be without rows. */
  add(file: Buffer): Buffer {
    const footerLength = file.readUInt32LE(file.length - TAIL);
    const end = file.length - TAIL - footerLength;
    // Copied: what is kept of it must not keep the whole file.
    const footer = readThrift(Buffer.from(file.subarray(end, file.length - TAIL)));
    const moved = BigInt(this.#written - MAGIC.length);
    for (const group of structs(footer, ROW_GROUPS)) this.#groups.push(writeThrift(move(group, moved, this.#groups.length)));
    this.#rows += field(footer, NUM_ROWS).value as bigint;
    const isFirst = this.#footer === null;
    this.#footer ??= footer;
    const body = file.subarray(MAGIC.length, end);
    this.#written += body.length;
    return isFirst ? Buffer.concat([MAGIC, body]) : body;
  }

  /** The end of the file. */
  end(): Buffer {
    if (this.#footer === null) throw new TypeError("there was no file");
    set(this.#footer, NUM_ROWS, this.#rows);
    set(this.#footer, ROW_GROUPS, { of: THRIFT.struct, items: this.#groups });
    const footer = writeThrift(this.#footer);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return Buffer.concat([footer, length, MAGIC]);
  }
}

function move(group: ThriftStruct, by: bigint, ordinal: number): ThriftStruct {
  shift(group, GROUP_OFFSET, by);
  // Optional, and of 16 bits.
  if (group.has(ORDINAL)) set(group, ORDINAL, ordinal & 0x7fff);
  for (const chunk of structs(group, COLUMNS)) {
    shift(chunk, CHUNK_OFFSET, by);
    const meta = field(chunk, META_DATA).value as ThriftStruct;
    for (const offset of PAGE_OFFSETS) shift(meta, offset, by);
  }
  return group;
}

/** An offset of 0 is none. */
function shift(struct: ThriftStruct, id: number, by: bigint): void {
  const before = struct.get(id)?.value;
  if (typeof before === "bigint" && before > 0n) set(struct, id, before + by);
}

function set(struct: ThriftStruct, id: number, value: bigint | number | ThriftList): void {
  field(struct, id).value = value;
}

function structs(struct: ThriftStruct, id: number): ThriftStruct[] {
  return (field(struct, id).value as ThriftList).items as ThriftStruct[];
}

function field(struct: ThriftStruct, id: number): ThriftField {
  const found = struct.get(id);
  if (found === undefined) throw new TypeError(`no field ${id} in a footer of Parquet`);
  return found;
}
