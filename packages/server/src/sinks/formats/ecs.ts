/** Elastic Common Schema 9.4.0: one JSON document a flow. What the schema has no field for is below `flowtrail`, a namespace of our own, as it advises. */
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import type { LineFormat } from "../ports.ts";
import { ECS_FIELDS } from "./ecs-fields.ts";
import { type FieldValue, type Told, told } from "./field.ts";

type EcsDocument = { [name: string]: FieldValue | EcsDocument };

const PATHS = ECS_FIELDS.map((field) => ({ ...field, path: field.name.split(".") }));

function ecsOf(told: Told): EcsDocument {
  const document: EcsDocument = {};
  for (const { path, value } of PATHS) {
    const found = value(told);
    if (found !== null) put(document, path, found);
  }
  return document;
}

function put(document: EcsDocument, path: readonly string[], value: FieldValue): void {
  let at = document;
  for (const name of path.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as EcsDocument;
  }
  at[path.at(-1) ?? ""] = value;
}

export const ECS: LineFormat = {
  kind: "lines",
  name: "ecs",
  contentType: NDJSON_CONTENT_TYPE,
  extension: "ndjson",
  isJson: true,
  head: null,
  line: (event) => JSON.stringify(ecsOf(told(event))),
};
