/** FlowBatch: flows as columns. Everything that moves between stages is one of these; an object per row exists only at the edges. */
import { type AnyColumn, type FlowColumns, makeColumn } from "./batch-columns.ts";
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
    for (const { name } of COLUMN_LIST)
      if (from.column(name).has(fromRow)) alike(this, name).copy(from.column(name), fromRow, row);
    return row;
  }

  /** Adds all rows of another batch, column by column. */
  addAll(from: FlowBatch, columns: readonly { readonly name: ColumnName }[] = COLUMN_LIST): void {
    const count = from.length;
    const first = this.addRows(count);
    for (const { name } of columns) {
      if (!from.column(name).empty) alike(this, name).copyAll(from.column(name), count, first);
    }
  }

  /**
   * A new batch of the rows for which `keep` says yes.
   * @param columns those that are copied; others are empty
   */
  filter(keep: (row: number) => boolean, columns: readonly { readonly name: ColumnName }[] = COLUMN_LIST): FlowBatch {
    const picked = new Int32Array(this.#length);
    let count = 0;
    for (let row = 0; row < this.#length; row++) if (keep(row)) picked[count++] = row;
    if (count < this.#length) return this.pick(picked.subarray(0, count), columns);
    const kept = new FlowBatch(count);
    kept.addAll(this, columns);
    return kept;
  }

  /**
   * A new batch of these rows, in this order; one that is named several times is there as often.
   * @param columns those that are copied; others are empty
   */
  pick(rows: Int32Array, columns: readonly { readonly name: ColumnName }[] = COLUMN_LIST): FlowBatch {
    const picked = new FlowBatch(rows.length);
    if (rows.length === 0) return picked;
    picked.addRows(rows.length);
    for (const { name } of columns) if (!this.column(name).empty) alike(picked, name).copyPicked(this.column(name), rows);
    return picked;
  }

  /** Empties the batch; the memory stays. */
  clear(): void {
    for (const { name } of COLUMN_LIST) this.column(name).clear(this.#length);
    this.#length = 0;
  }
}

/** A column that takes values from the same column of another batch, which is of the same form. */
function alike(batch: FlowBatch, name: ColumnName): SameColumn {
  return batch.column(name) as unknown as SameColumn;
}
interface SameColumn {
  copy(from: AnyColumn, fromRow: number, row: number): void;
  copyAll(from: AnyColumn, count: number, row: number): void;
  copyPicked(from: AnyColumn, picked: Int32Array): void;
}
