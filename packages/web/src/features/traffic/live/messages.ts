/** What the page and its worker for live rows say to each other. */
import type { FlowJson } from "@flowtrail/model";

export type ToWorker =
  | { readonly kind: "follow"; readonly url: string; readonly primaryOnly: boolean }
  /** Open flows that are on the page: their updates are never left out. */
  | { readonly kind: "watch"; readonly keys: readonly string[] };

export type LiveState = "connecting" | "on" | "broken";

export type FromWorker =
  | { readonly kind: "state"; readonly state: LiveState }
  /** The server refused to be followed, for now or because the session is over. */
  | { readonly kind: "refused" }
  /** `of`: so many came in; the others were left out. */
  | { readonly kind: "rows"; readonly flows: readonly FlowJson[]; readonly of: number };
