/**
 * OTLP log records (opentelemetry.io/docs/specs/otlp), serialised by the OpenTelemetry project's own library. The log record of a flow has
 * the sentence as its body; network and reporter are its resource.
 */

import { explainFlow } from "@flowtrail/model";
import { JsonLogsSerializer, ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { VERSION } from "../../version.ts";
import type { BodyFormat, SinkEvent } from "../ports.ts";
import { actionOf, type Field, type FieldValue, happened, told } from "./field.ts";
import { OTLP_ATTRIBUTES, OTLP_RESOURCE } from "./otlp-fields.ts";

/** Records are put together by the identity of this object. */
const SCOPE = { name: "flowtrail", version: VERSION };
/** INFO and WARN (opentelemetry.io/docs/specs/otel/logs/data-model, "Field: SeverityNumber"). */
const SEVERITIES = {
  info: { severityNumber: 9, severityText: "INFO" },
  warn: { severityNumber: 13, severityText: "WARN" },
} as const;

export const OTLP_PROTOBUF = "application/x-protobuf";
export const OTLP_JSON = "application/json";

const format = (name: string, contentType: string, extension: string, serialize: typeof ProtobufLogsSerializer): BodyFormat => ({
  kind: "body",
  name,
  contentType,
  extension,
  body: async (events) => serialize.serializeRequest(recordsOf(events)) ?? new Uint8Array(),
});

export const OTLP = format("otlp", OTLP_PROTOBUF, "binpb", ProtobufLogsSerializer);
export const OTLP_AS_JSON = format("otlp-json", OTLP_JSON, "json", JsonLogsSerializer);

function recordsOf(events: readonly SinkEvent[]): ReadableLogRecord[] {
  const resources = new Map<string, Resource>();
  return events.map((event) => {
    const record = told(event);
    const attributes = valuesOf(OTLP_RESOURCE, event);
    const key = JSON.stringify(attributes);
    const resource = resources.get(key) ?? resourceFromAttributes(attributes);
    resources.set(key, resource);
    const action = actionOf(record);
    return {
      ...(action === "denied" ? SEVERITIES.warn : SEVERITIES.info),
      hrTime: hrTime(Date.parse(happened(record))),
      hrTimeObserved: hrTime(event.storedMs),
      eventName: `flowtrail.flow.${action}`,
      body: explainFlow(record.flow),
      attributes: valuesOf(OTLP_ATTRIBUTES, event),
      droppedAttributesCount: 0,
      resource,
      instrumentationScope: SCOPE,
    };
  });
}

function valuesOf(fields: readonly Field[], event: SinkEvent): Record<string, string | number | boolean | string[]> {
  const found: Record<string, string | number | boolean | string[]> = {};
  for (const { name, value } of fields) {
    const known: FieldValue | null = value(told(event));
    if (known !== null) found[name] = typeof known === "object" ? [...known] : known;
  }
  return found;
}

function hrTime(ms: number): [number, number] {
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
