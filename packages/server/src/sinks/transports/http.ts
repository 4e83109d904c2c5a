/** Any endpoint that takes lines, or an array of JSON, by POST or PUT: Vector, Loki's own gateways, Logstash, a program of one's own. */
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import type { TransportKind } from "../ports.ts";
import { authorization } from "./authorization.ts";
import type { HttpConfig } from "./http-config.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import { httpSink, lineFormat } from "./http-sink.ts";
import { refusal } from "./posted.ts";

const MAX_BYTES = 8_000_000;

export const HTTP: TransportKind<HttpConfig> = {
  kind: "http",
  secrets: ["secret"],
  formats: ["flowtrail", "ecs", "csv", "vpc-v2", "vpc-v5"],
  make: (config, deps) => {
    const format = lineFormat(deps);
    const endpoint = new HttpEndpoint(config, deps, authorization(config.auth, deps.secrets));
    const { method } = config;
    return httpSink(format, {
      endpoint,
      maxEvents: config.max_events,
      maxBytes: MAX_BYTES,
      post: async (lines, _events, signal) => {
        const isArray = config.body === "array";
        const body = isArray ? `[${lines.join(",")}]` : `${lines.join("\n")}\n`;
        const type = isArray ? "application/json" : format.isJson ? NDJSON_CONTENT_TYPE : format.contentType;
        const posted = await endpoint.post(body, type, signal, { method });
        return posted.error === null ? { kind: "taken" } : refusal(posted);
      },
    });
  },
};
