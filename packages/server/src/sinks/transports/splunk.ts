/**
 * Splunk's HTTP event collector, event endpoint (docs.splunk.com, "Format events for HTTP Event Collector" and "HTTP Event Collector errors").
 * Indexer acknowledgement is not asked for: a 200 says that the collector has it.
 */
import type { SendResult, SinkEvent, TransportKind } from "../ports.ts";
import type { SplunkConfig } from "./http-config.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import { httpSink, lineFormat } from "./http-sink.ts";
import { refusal } from "./posted.ts";

/** Splunk's own default limit of a request is 1 MB (max_content_length 800 MB later, 1 MB at Splunk Cloud). */
const MAX_BYTES = 900_000;
/** Codes of a 400 that say what of our settings is wrong, and nothing of the records: data channel, index, collector. */
const OURS = new Set([7, 10, 11]);

export const SPLUNK: TransportKind<SplunkConfig> = {
  kind: "splunk",
  secrets: ["token"],
  formats: ["flowtrail", "ecs"],
  make: (config, deps) => {
    const format = lineFormat(deps);
    const { token } = deps.secrets;
    const endpoint = new HttpEndpoint(config, deps, token === undefined ? {} : { authorization: `Splunk ${token}` });
    const path = URL.parse(config.url)?.pathname ?? "/";
    const url = path === "/" ? new URL("/services/collector/event", config.url).href : config.url;
    const { index, source, sourcetype } = config;
    const common = JSON.stringify({ source, sourcetype, ...(index === undefined ? {} : { index }) }).slice(1, -1);
    const enveloped = (line: string, event: SinkEvent) => {
      const host = config.host ?? String(event.flow.reporter ?? "flowtrail");
      const time = (timeOf(event) / 1000).toFixed(3);
      const fields = JSON.stringify({ event_id: event.id, event_version: event.version });
      return `{"time":${time},"host":${JSON.stringify(host)},${common},"fields":${fields},"event":${line}}`;
    };
    return httpSink(format, {
      endpoint,
      maxEvents: config.max_events,
      maxBytes: MAX_BYTES,
      post: async (lines, events, signal) => {
        // The collector takes one event after the other, with or without anything in between.
        const body = lines.map((line, at) => enveloped(line, events[at] as SinkEvent)).join("\n");
        const posted = await endpoint.post(body, "application/json", signal, { url });
        return posted.error === null ? { kind: "taken" } : ours(refusal(posted), posted.answer);
      },
    });
  },
};

function ours(result: SendResult, answer: string): SendResult {
  if (result.kind !== "refused") return result;
  const code = Number(/"code"\s*:\s*(\d+)/.exec(answer)?.[1] ?? Number.NaN);
  return OURS.has(code) ? { ...result, kind: "not_now", retryAfterMs: null } : result;
}

function timeOf({ kind, flow, storedMs }: SinkEvent): number {
  const told = Date.parse(String(kind === "opened" ? flow.start : (flow.end ?? flow.last_seen)));
  return Number.isNaN(told) ? storedMs : told;
}
