/** Our own lines: a row of `GET /api/flows`, with what tells the event. */
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import type { LineFormat } from "../ports.ts";

export const FLOWTRAIL: LineFormat = {
  kind: "lines",
  name: "flowtrail",
  contentType: NDJSON_CONTENT_TYPE,
  extension: "ndjson",
  isJson: true,
  head: null,
  line: ({ id, kind, version, flow }) => JSON.stringify({ event_id: id, event: kind, version, ...flow }),
};
