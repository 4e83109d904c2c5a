/** Rows as they come in, over Server-Sent Events. */
import type { FlowJson } from "@flowtrail/model";
import type { LiveState } from "./messages.ts";

interface EventHandlers {
  onRow(flow: FlowJson): void;
  /** `on` after `broken` means: something may have been missed. */
  onState(state: LiveState): void;
  onRefused(): void;
  /** The server had to leave rows out because they were read too slowly. */
  onDropped(count: number): void;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** Follows as long as its worker lives. Reconnects with growing pauses, unless the answer would be the same for ever. */
export function followEvents(url: string, handlers: EventHandlers): void {
  let retryMs = FIRST_RETRY_MS;

  const connect = () => {
    const source = new EventSource(url);
    source.onopen = () => {
      retryMs = FIRST_RETRY_MS;
      handlers.onState("on");
    };
    source.onmessage = (event: MessageEvent<string>) => handlers.onRow(JSON.parse(event.data) as FlowJson);
    source.addEventListener("dropped", (event: MessageEvent<string>) => {
      handlers.onDropped((JSON.parse(event.data) as { dropped?: number }).dropped ?? 0);
    });
    source.onerror = () => {
      handlers.onState("broken");
      // The browser comes back by itself after a broken connection, but not after an answer such as 401 or 503.
      if (source.readyState !== EventSource.CLOSED) return;
      handlers.onRefused();
      setTimeout(() => void again(), retryMs);
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    };
  };

  const again = async () => {
    if (!(await isRefusedForGood(url))) connect();
  };

  handlers.onState("connecting");
  connect();
}

/** An EventSource does not tell the status of the answer: what is asked is wrong, or nobody is signed in. */
async function isRefusedForGood(url: string): Promise<boolean> {
  const leave = new AbortController();
  try {
    const { status } = await fetch(url, { signal: leave.signal });
    return status >= 400 && status < 500 && status !== 429;
  } catch {
    return false; // nobody answers: for now
  } finally {
    leave.abort();
  }
}
