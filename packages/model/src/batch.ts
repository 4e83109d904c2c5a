/** FlowBatch: flows as columns. Everything that moves between stages is one of these; an object per row exists only at the edges. */
import { type AnyColumn, type FlowColumns, makeColumn, TextColumn } from "./batch-columns.ts";
import { COLUMN_LIST, type ColumnName } from "./columns.ts";

export class FlowBatch {
  readonly columns: FlowColumns;
  #length = 0;
  #capacity: number;

  constructor(capacity = 256) {
    this.#capacity = capacity;
    this.columns = Object.fromEntries(
      COLUMN_LIST.map(({ name }) => [name, makeColumn(name, capacity)]),
    ) as unknown as FlowColumns;
  }

  /** Rows in use. */
  get length(): number {
    return this.#length;
  }

  /** The columns by name, for code that treats all alike. */
  column(name: ColumnName): AnyColumn {
    return this.columns[name];
  }

  /** Adds a row in which every column is null and returns its number. */
  addRow(): number {
    return this.addRows(1);
  }

  /** Adds `count` rows in which every column is null and returns the first one's number. */
  addRows(count: number): number {
    const first = this.#length;
    this.#length += count;
    if (this.#length > this.#capacity) {
      this.#capacity = Math.max(this.#length, this.#capacity * 2);
      for (const { name } of COLUMN_LIST) this.column(name).resize(this.#capacity);
    }
    return first;
  }

  /** Adds a copy of one row of another batch. */
  addCopy(from: FlowBatch, fromRow: number): number {
    const row = this.addRow();
    for (const { name } of COLUMN_LIST) copyInto(this.column(name), from.column(name), fromRow, row);
    return row;
  }

  /** Adds all rows of another batch, column by column. */
  addAll(from: FlowBatch): void {
    const first = this.addRows(from.length);
    for (const { name } of COLUMN_LIST) {
      const source = from.column(name);
      if (source.empty) continue;
      const target = this.column(name);
      for (let row = 0; row < from.length; row++) copyInto(target, source, row, first + row);
    }
  }

  /** A new batch of the rows for which `keep` says yes. */
  filter(keep: (row: number) => boolean): FlowBatch {
    const kept = new FlowBatch(this.#length);
    for (let row = 0; row < this.#length; row++) if (keep(row)) kept.addCopy(this, row);
    return kept;
  }

  /** Empties the batch; the memory stays. */
  clear(): void {
    this.#length = 0;
    for (const { name } of COLUMN_LIST) {
      const column = this.column(name);
      column.valid.fill(0);
      if (column instanceof TextColumn) column.clearDictionary();
    }
  }
}

/** Both are the same column of two batches, so of one form. */
function copyInto(target: AnyColumn, from: AnyColumn, fromRow: number, row: number): void {
  (target as { copy(from: AnyColumn, fromRow: number, row: number): void }).copy(from, fromRow, row);
}
