/** What all transports over HTTP have in common: one request of a format's lines, not larger than the endpoint takes. */
import type { LineFormat, SendResult, SinkEvent, Transport, TransportDeps } from "../ports.ts";
import type { HttpEndpoint } from "./http-endpoint.ts";
import { linesOf } from "./lines.ts";

export interface HttpSinkSpec {
  readonly endpoint: HttpEndpoint;
  readonly maxEvents: number;
  /** Of the lines of one request, before they are compressed. */
  readonly maxBytes: number;
  /** One request. Indexes are those of the lines. */
  readonly post: (lines: readonly string[], events: readonly SinkEvent[], signal: AbortSignal) => Promise<SendResult>;
}

export function httpSink(format: LineFormat, { endpoint, maxEvents, maxBytes, post }: HttpSinkSpec): Transport {
  const send = async (all: readonly SinkEvent[], signal: AbortSignal): Promise<SendResult> => {
    const { lines, events, refused } = linesOf(format, all);
    if (lines.length === 0) return { kind: "partly", refused, again: [], retryAfterMs: null };
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    // In halves it is smaller.
    if (bytes > maxBytes)
      return { kind: "refused", reason: "too_large", message: `${bytes} bytes, ${maxBytes} are taken at once` };
    const result = await post(lines, events, signal);
    if (refused.length === 0) return result;
    const places = all.flatMap((_, index) => (refused.some((one) => one.index === index) ? [] : [index]));
    const placeOf = (index: number) => places[index] ?? 0;
    switch (result.kind) {
      case "taken":
        return { kind: "partly", refused, again: [], retryAfterMs: null };
      case "partly":
        return {
          ...result,
          refused: [...refused, ...result.refused.map((one) => ({ ...one, index: placeOf(one.index) }))],
          again: result.again.map(placeOf),
        };
      case "not_now":
        return { kind: "partly", refused, again: places, retryAfterMs: result.retryAfterMs };
      case "refused":
        return { kind: "partly", refused, again: places, retryAfterMs: null };
    }
  };
  return {
    batch: { maxEvents, lingerMs: 0 },
    open: async () => undefined, // a connection is made when there is something to send
    send,
    close: async () => endpoint.close(),
  };
}

/** @throws TypeError a sink's configuration is checked before it is made */
export function lineFormat({ format }: TransportDeps): LineFormat {
  if (format.kind !== "lines") throw new TypeError(`${format.name} has no lines`);
  return format;
}
