/** `docs/reference/sink-formats.md`: what a flow is called in each format that it is handed over in. */
import { describeFormats } from "@flowtrail/server";
import { code, page, table } from "./markdown.ts";

const WHAT: Readonly<Record<string, string>> = {
  flowtrail:
    "Our own NDJSON: a row of `GET /api/flows` with all its columns, nulls too, and before them `event_id`, `event` (`opened`, `ended`) and `version`",
  ecs: "Elastic Common Schema 9.4.0, one JSON document a line; what is not known is absent",
  csv: "As `GET /api/flows/export?format=csv` writes it: RFC 4180, texts in quotes, no formulas. No id of the event: `reporter_id` and `flow_id` are the key",
  "vpc-v2": "AWS VPC flow log records, default format",
  "vpc-v5": "AWS VPC flow log records, all fields up to version 5 in the order of Amazon's page",
  otlp: "OpenTelemetry log records, protobuf",
  "otlp-json": "The same as JSON",
  parquet: "The columns of an export, and before them `event_id`, `event` and `version`; one row group, zstd",
};

export function sinkFormatsPage(): string {
  const { formats, ecs, otlpResource, otlpAttributes, vpc } = describeFormats();
  const fields = (list: typeof ecs) =>
    table(
      ["field", "of", ""],
      list.map(({ name, of, note }) => [code(name), of.map(code).join(", "), note]),
    );
  return page(
    "Formats of sinks",
    "`packages/server/src/sinks/formats`",
    "[Sinks](../how-to/sinks.md) says how records are handed over. This page says what a record looks like there. [Columns](columns.md) says what each column means.",
    "In bold: the format that a transport uses if none is named.",
    table(
      ["format", "what it is", "files end in", "transports"],
      formats.map(({ name, extension, transports }) => [
        code(name),
        WHAT[name] ?? "",
        code(`.${extension}`),
        transports.join(", "),
      ]),
    ),
    [
      "## What holds for all",
      "",
      "- **Source and destination are the initiator and the responder**, on every node, whatever the direction. `source.bytes` is what the source sent, `destination.bytes` what the destination sent.",
      "- **The id** (`event.id`, `log.record.uid`, `event_id`) is equal for the same event, however often it comes: records are handed over at least once, so a reader keeps one of each id. What is known of a record may be revised (a name, whether it counts): it comes again with the same id and a higher `version`.",
      "- **One connection may have several records**, one of each node that reported it. A sink hands over primary ones only, unless it is told `reports: all`; then count where `primary` is true.",
      "- **Numbers above 2^53** are texts in JSON: Elasticsearch reads them into a `long`, most programs would round them.",
      "- **Null is absent**, never 0 or an empty text. In CSV it is nothing between two commas, in VPC records `-`.",
    ].join("\n"),
    "## ECS",
    "Names and allowed values are those of `ecs_flat.yml` of 9.4.0. What the schema has no field for is below `flowtrail`. `dns.*` is not used: it describes a question of DNS, and a flow is none. The domain that a client asked for is `destination.domain`.",
    fields(ecs),
    "## OTLP",
    "`time_unix_nano` is when the flow began or ended, `observed_time_unix_nano` when the server stored it. The body is the sentence that the page shows. `event_name` is `flowtrail.flow.opened`, `.ended`, `.lost` or `.denied`; the severity is WARN for what was denied, else INFO. Network and reporter are the resource:",
    fields(otlpResource),
    "Attributes of a record:",
    fields(otlpAttributes),
    "## AWS VPC flow log records",
    "A record of AWS is of one direction, so **a flow is two lines**: what the source sent, then what the destination sent, if it sent anything. Files begin with a line of the names. Take `ended` events only: an `opened` one would tell the same flow twice, and lines have no id to know it by.",
    table(
      ["field", "since version", ""],
      vpc.map(({ name, since, says }) => [code(name), String(since), says]),
    ),
    "## Syslog",
    "The line of the format is the message; a VPC record's two lines are two messages. Head and structured data: facility as set, severity `info` (`warning` for what was denied), the time of the event, the reporter as the host, `flowtrail` as the application, `opened`, `ended`, `lost` or `denied` as the message id, and `[flowtrail@32473 id=… version=… network=…]` (32473 is the number that RFC 5612 keeps for examples).",
  );
}
