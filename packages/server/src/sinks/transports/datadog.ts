/**
 * Datadog's log intake, API v2 (docs.datadoghq.com/api/latest/logs, "Send logs"): at most 1,000 logs and 5 MB uncompressed a request, 1 MB a log;
 * 202 is a success.
 */
import type { SinkEvent, TransportKind } from "../ports.ts";
import type { DatadogConfig } from "./http-config.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import { httpSink, lineFormat } from "./http-sink.ts";
import { refusal } from "./posted.ts";

const MAX_LOGS = 1000;
/** What stands around each line is less than a fifth of it. */
const MAX_BYTES = 4_000_000;

export const DATADOG: TransportKind<DatadogConfig> = {
  kind: "datadog",
  secrets: ["api_key"],
  formats: ["flowtrail", "ecs"],
  make: (config, deps) => {
    const format = lineFormat(deps);
    const { api_key: key } = deps.secrets;
    const endpoint = new HttpEndpoint(config, deps, key === undefined ? {} : { "dd-api-key": key });
    const { service, source: ddsource, tags: ddtags } = config;
    const common = JSON.stringify({ ddsource, service, ...(ddtags === "" ? {} : { ddtags }) }).slice(1, -1);
    const enveloped = (line: string, { id, flow }: SinkEvent) =>
      `{${common},"hostname":${JSON.stringify(flow.reporter ?? "")},"flowtrail_event_id":${JSON.stringify(id)},"message":${JSON.stringify(line)}}`;
    return httpSink(format, {
      endpoint,
      maxEvents: Math.min(config.max_events, MAX_LOGS),
      maxBytes: MAX_BYTES,
      post: async (lines, events, signal) => {
        const body = `[${lines.map((line, at) => enveloped(line, events[at] as SinkEvent)).join(",")}]`;
        const posted = await endpoint.post(body, "application/json", signal);
        return posted.error === null ? { kind: "taken" } : refusal(posted);
      },
    });
  },
};
