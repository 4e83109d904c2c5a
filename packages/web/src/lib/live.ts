/** Rows as they come in, over Server-Sent Events. */
import type { FlowJson } from "@flowtrail/model";

type LiveState = "connecting" | "on" | "broken";

export interface LiveHandlers {
  onRows(flows: readonly FlowJson[]): void;
  /** `on` after `broken` means: something may have been missed. */
  onState(state: LiveState): void;
  /** The server refused to be followed, for now or because the session is over. */
  onRefused(): void;
  /** The server had to leave rows out because this page read too slowly. */
  onDropped(count: number): void;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** Follows until the returned function is called. Reconnects for ever, with growing pauses. */
export function followLive(url: string, handlers: LiveHandlers): () => void {
  let source: EventSource | null = null;
  let timer = 0;
  let retryMs = FIRST_RETRY_MS;

  const connect = () => {
    source = new EventSource(url);
    source.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      handlers.onState("on");
    };
    source.onmessage = (event: MessageEvent<string>) => {
      const data = JSON.parse(event.data) as FlowJson | readonly FlowJson[];
      handlers.onRows(Array.isArray(data) ? (data as readonly FlowJson[]) : [data as FlowJson]);
    };
    source.addEventListener("dropped", (event: MessageEvent<string>) => {
      handlers.onDropped((JSON.parse(event.data) as { dropped?: number }).dropped ?? 0);
    });
    source.onerror = () => {
      handlers.onState("broken");
      // The browser comes back by itself after a broken connection, but not after an answer such as 401 or 503.
      if (source?.readyState !== EventSource.CLOSED) return;
      handlers.onRefused();
      timer = window.setTimeout(connect, retryMs);
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    };
  };

  handlers.onState("connecting");
  connect();
  return () => {
    window.clearTimeout(timer);
    source?.close();
  };
}
