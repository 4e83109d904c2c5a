/** Signed manifests of days, each with the hash of the one before: added to, never changed. */
import type { Table } from "./table.ts";

export const MANIFESTS: Table = {
  name: "manifests",
  columns: [
    { name: "seq", type: "UInt64" },
    { name: "made", type: "DateTime64(3, 'UTC')" },
    // As it was signed, to the letter.
    { name: "body", type: "String", codec: "ZSTD(1)" },
    { name: "signature", type: "String", codec: "ZSTD(1)" },
  ],
  engine: "MergeTree",
  orderBy: ["seq"],
};
