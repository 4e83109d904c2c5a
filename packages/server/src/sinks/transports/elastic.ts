/**
 * Elasticsearch and OpenSearch: the `_bulk` API, whose answer is about each record (elastic.co/docs/api, "Bulk index or delete documents").
 * `_id` is the event's id, so that a record that comes again is refused with 409: it is there already.
 */
import type { Refused, SendResult, SinkEvent, TransportKind } from "../ports.ts";
import { authorization } from "./authorization.ts";
import type { ElasticConfig } from "./http-config.ts";
import { HttpEndpoint } from "./http-endpoint.ts";
import { httpSink, lineFormat } from "./http-sink.ts";
import { refusal } from "./posted.ts";

/** http.max_content_length is 100 MB; 5 to 15 MB are advised. */
const MAX_BYTES = 8_000_000;

export const ELASTIC: TransportKind<ElasticConfig> = {
  kind: "elastic",
  secrets: ["secret"],
  formats: ["ecs", "flowtrail"],
  make: (config, deps) => {
    const format = lineFormat(deps);
    const endpoint = new HttpEndpoint(config, deps, authorization(config.auth, deps.secrets));
    const base = config.url.replace(/\/+$/, "");
    const only = "errors,items.*.status,items.*.error.type,items.*.error.reason";
    const url = `${base}/${encodeURIComponent(config.index)}/_bulk?filter_path=${only}`;
    return httpSink(format, {
      endpoint,
      maxEvents: config.max_events,
      maxBytes: MAX_BYTES,
      post: async (lines, events, signal) => {
        const body = lines.map((line, at) => `${actionOf(config, events[at] as SinkEvent)}\n${line}\n`).join("");
        const posted = await endpoint.post(body, "application/x-ndjson", signal, { url });
        if (posted.error !== null) return refusal(posted);
        if (posted.isCut)
          return { kind: "not_now", reason: "answer", message: "its answer is too long to be read", retryAfterMs: null };
        return bulkResult(posted.answer, events.length, posted.retryAfterMs);
      },
    });
  },
};

function actionOf({ op }: ElasticConfig, { id, version }: SinkEvent): string {
  // An older edition of a record never replaces a newer one: that is a 409, too.
  const action =
    op === "create" ? { create: { _id: id } } : { index: { _id: id, version: Number(version), version_type: "external" } };
  return JSON.stringify(action);
}

interface Item {
  readonly status?: number;
  readonly error?: { readonly type?: string; readonly reason?: string };
}

interface Said {
  readonly errors?: boolean;
  readonly items?: readonly Record<string, Item>[];
}

/** Each item is one of ours, in our order. */
export function bulkResult(answer: string, sent: number, retryAfterMs: number | null): SendResult {
  const said = parsed(answer);
  if (said === null)
    return {
      kind: "not_now",
      reason: "answer",
      message: "its answer is none of a bulk request: is the URL right?",
      retryAfterMs,
    };
  if (said.errors === false) return { kind: "taken" };
  const items = (said.items ?? []).map((item) => Object.values(item)[0] ?? {});
  if (items.length !== sent)
    return { kind: "not_now", reason: "answer", message: `its answer is about ${items.length} of ${sent} records`, retryAfterMs };
  const refused: Refused[] = [];
  const again: number[] = [];
  items.forEach(({ status = 500, error }, index) => {
    if (status < 300 || status === 409) return;
    // Busy, or something that somebody sets right: the index is read-only, the key may not write.
    if (status === 429 || status >= 500 || status === 401 || status === 403 || status === 404) again.push(index);
    else
      refused.push({
        index,
        reason: reasonOf(error?.type),
        message: `${error?.type ?? status}: ${error?.reason ?? ""}`.slice(0, 500),
      });
  });
  const [first] = again;
  if (first !== undefined && again.length === sent) {
    const { status = 500, error } = items[first] ?? {};
    const message = `${status}: ${error?.type ?? ""} ${error?.reason ?? ""}`.slice(0, 500);
    return { kind: "not_now", reason: status === 429 ? "busy" : `item_${status}`, message, retryAfterMs };
  }
  return refused.length === 0 && again.length === 0 ? { kind: "taken" } : { kind: "partly", refused, again, retryAfterMs };
}

/** `document_parsing_exception`, `mapper_parsing_exception`, `strict_dynamic_mapping_exception`, `illegal_argument_exception`, … */
function reasonOf(type: string | undefined): string {
  if (type === undefined) return "refused";
  return /mapp|parsing/.test(type) ? "mapping" : type.slice(0, 60);
}

function parsed(answer: string): Said | null {
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === "object" && value !== null && "errors" in value ? (value as Said) : null;
  } catch {
    return null; // not JSON
  }
}
