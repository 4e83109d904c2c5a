/** Live rows, read by a worker and handed to the page in parts that it can take without a pause. */
import type { FlowJson } from "@flowtrail/model";
import type { FromWorker, LiveState, ToWorker } from "./messages.ts";

export interface LiveHandlers {
  /** @param of so many came in; those that are not in `flows` were left out, here or by the server */
  onRows(flows: readonly FlowJson[], of: number): void;
  /** `on` after `broken` means: something may have been missed. */
  onState(state: LiveState): void;
  onRefused(): void;
}

export interface Following {
  stop(): void;
  /** Names open flows that are on the page: their updates are never left out. */
  watch(keys: readonly string[]): void;
}

/** @param flows which flows, as the API takes it */
export type FollowLive = (flows: URLSearchParams, handlers: LiveHandlers) => Following;

export const followLive: FollowLive = (flows, handlers) => {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "live rows" });
  const tell = (message: ToWorker) => worker.postMessage(message);
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "rows") handlers.onRows(data.flows, data.of);
    else if (data.kind === "state") handlers.onState(data.state);
    else handlers.onRefused();
  };
  handlers.onState("connecting");
  tell({ kind: "follow", url: `/api/flows/live?${flows}`, primaryOnly: flows.get("reports") !== "all" });
  return { stop: () => worker.terminate(), watch: (keys) => tell({ kind: "watch", keys }) };
};
