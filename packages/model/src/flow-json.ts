/** A row of `GET /api/flows`, typed by the column table. */

import type { COLUMNS, ColumnName } from "./columns.ts";

interface JsonTypes {
  u8: number;
  u16: number;
  u32: number;
  /** A string where the number may not fit into a double. */
  u64: number | string;
  /** RFC 3339, UTC, milliseconds. */
  time: string;
  address: string;
  text: string;
  bool: boolean;
  enum: string;
}

type ValueOf<C> = C extends { values: readonly (infer V)[] }
  ? V
  : C extends { type: infer T extends keyof JsonTypes }
    ? JsonTypes[T]
    : never;
type StoredName = { [K in ColumnName]: (typeof COLUMNS)[K] extends { by: "wire" } ? never : K }[ColumnName];

export type FlowJson = {
  readonly [K in StoredName]: (typeof COLUMNS)[K] extends { optional: true }
    ? ValueOf<(typeof COLUMNS)[K]> | null
    : ValueOf<(typeof COLUMNS)[K]>;
};
