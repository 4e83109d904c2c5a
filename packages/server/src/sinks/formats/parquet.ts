/** The columns of an export as Parquet, and before them what tells the event. */
import type { Column, JsonValue } from "@flowtrail/model";
import { SPECS } from "../../export/formats.ts";
import { VERSION } from "../../version.ts";
import type { BodyFormat, SinkEvent } from "../ports.ts";
import { type ParquetColumn, type ParquetKind, parquetFile } from "./parquet-file.ts";

export const PARQUET: BodyFormat = {
  kind: "body",
  name: "parquet",
  contentType: SPECS.parquet.contentType,
  extension: "parquet",
  body: async (events) => parquetFile(columnsOf(events), `flowtrail ${VERSION}`),
};

function columnsOf(events: readonly SinkEvent[]): ParquetColumn[] {
  return [
    { name: "event_id", kind: "text", values: events.map(({ id }) => id) },
    { name: "event", kind: "text", values: events.map(({ kind }) => kind) },
    { name: "version", kind: "u64", values: events.map(({ version }) => version) },
    ...SPECS.parquet.all.map((column) => ({
      name: column.name,
      kind: kindOf(column),
      values: events.map(({ flow }) => cellOf(column, flow[column.name] ?? null)),
    })),
  ];
}

function kindOf({ type }: Column): ParquetKind {
  return type === "address" || type === "enum" ? "text" : type;
}

function cellOf({ type }: Column, value: JsonValue): JsonValue {
  return type === "time" && typeof value === "string" ? Date.parse(value) : value;
}
