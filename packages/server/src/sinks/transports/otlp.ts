/**
 * OTLP over HTTP (opentelemetry.io/docs/specs/otlp, "OTLP/HTTP"). A partial success must not be sent again, and does not tell which records
 * were refused, but for their number.
 */
import { JsonLogsSerializer, ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import type { BodyFormat, SendResult, SinkEvent, Transport, TransportDeps, TransportKind } from "../ports.ts";
import { authorization } from "./authorization.ts";
import { bodyOf } from "./bodies.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import type { OtlpConfig } from "./otlp-config.ts";
import { refusal } from "./posted.ts";

const MAX_MESSAGE = 500;

class OtlpTransport implements Transport {
  readonly batch: Transport["batch"];
  readonly #deps: TransportDeps;
  readonly #endpoint: HttpEndpoint;

  constructor(config: OtlpConfig, deps: TransportDeps) {
    this.#deps = deps;
    this.batch = { maxEvents: config.max_events, lingerMs: 0 };
    this.#endpoint = new HttpEndpoint(config, deps, authorization(config.auth, deps.secrets));
  }

  async open(): Promise<void> {}

  async send(events: readonly SinkEvent[], signal: AbortSignal): Promise<SendResult> {
    const format = this.#deps.format as BodyFormat;
    const made = await bodyOf(format, events);
    if ("kind" in made) return made;
    const posted = await this.#endpoint.post(made.bytes, format.contentType, signal);
    if (posted.error !== null) return refusal(posted);
    const { partialSuccess } = serializerOf(format).deserializeResponse(posted.bytes);
    const count = Number(partialSuccess?.rejectedLogRecords ?? 0);
    // Without a number it is a warning of the endpoint's.
    if (count === 0) return { kind: "taken" };
    const why = { reason: "rejected", message: (partialSuccess?.errorMessage ?? "").slice(0, MAX_MESSAGE) };
    if (count < events.length) return { kind: "taken", unnamed: { count, ...why } };
    return { kind: "partly", refused: events.map((_, index) => ({ index, ...why })), again: [], retryAfterMs: null };
  }

  async close(): Promise<void> {
    this.#endpoint.close();
  }
}

/** An answer is of the same kind as its request. */
function serializerOf({ name }: BodyFormat): typeof ProtobufLogsSerializer {
  return name === "otlp" ? ProtobufLogsSerializer : JsonLogsSerializer;
}

export const OTLP_HTTP: TransportKind<OtlpConfig> = {
  kind: "otlp",
  secrets: ["secret"],
  formats: ["otlp", "otlp-json"],
  make: (config, deps) => new OtlpTransport(config, deps),
};
