/** Fills the table: pages that are asked for, and rows that come in live, as one sorted and bounded list. */
import type { FlowJson } from "@flowtrail/model";
import { flowKey } from "../../lib/api.ts";
import type { FlowPage } from "../../lib/api-types.ts";
import { ApiError } from "../../lib/errors.ts";
import type { LiveHandlers } from "../../lib/live.ts";
import { isLive } from "../../lib/time-window.ts";
import { type FlowEntry, FlowList } from "./flow-list.ts";
import { apiParams, type TrafficQuery, writeFlowKey } from "./query.ts";

const PAGE_ROWS = 200;
/** Live rows push the oldest ones out beyond this; they can be asked for again. */
export const MAX_LIVE_ROWS = 5000;
const RETRY_MS = 5000;

export interface FeedState {
  /** `refreshing`: rows of the question before are still shown. `failed`: the rows, if any, may be old. */
  readonly phase: "loading" | "refreshing" | "ready" | "failed";
  readonly entries: readonly FlowEntry[];
  readonly error: ApiError | null;
  /** Are there older rows to ask for? */
  readonly more: "none" | "yes" | "loading" | "failed";
  /** `off`: the window ended in the past. */
  readonly live: "off" | "connecting" | "on" | "broken";
  readonly paused: boolean;
  /** New rows that wait until the reader comes back. */
  readonly held: number;
  /** Rows that the server left out because there were too many to follow. */
  readonly dropped: number;
}

export interface FeedDeps {
  fetchFlows(params: URLSearchParams, signal: AbortSignal): Promise<FlowPage>;
  followLive(params: URLSearchParams, handlers: LiveHandlers): () => void;
  /** Runs `work` before the next frame is painted. */
  onFrame(work: () => void): void;
  later(work: () => void, ms: number): () => void;
  now(): number;
}

const START: FeedState = {
  phase: "loading",
  entries: [],
  error: null,
  more: "none",
  live: "off",
  paused: false,
  held: 0,
  dropped: 0,
};

export class FlowFeed {
  readonly #deps: FeedDeps;
  readonly #list = new FlowList();
  readonly #listeners = new Set<() => void>();
  #state = START;
  #query: TrafficQuery | null = null;
  #abort = new AbortController();
  #unfollow: () => void = () => {};
  #cancelRetry: () => void = () => {};
  #cursor: string | null = null;
  #reading = false;
  /** Live rows since the last frame, and those that wait for the reader; the newest revision of each. */
  #incoming = new Map<string, FlowJson>();
  #waiting = new Map<string, FlowJson>();
  #frameAsked = false;
  /** More came in than can be kept: the list must be asked for again. */
  #missed = false;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly state = (): FeedState => this.#state;

  /** Shows the answer to another question; the rows of the one before stay until it is there. */
  ask(query: TrafficQuery): void {
    this.#stop();
    this.#query = query;
    this.#missed = false;
    this.#set({ phase: this.#list.entries.length > 0 ? "refreshing" : "loading", held: 0, dropped: 0, paused: false });
    void this.#load(true);
    if (!isLive(query.window)) {
      this.#set({ live: "off" });
      return;
    }
    this.#unfollow = this.#deps.followLive(apiParams(query, true), {
      onRows: (flows) => this.#receive(flows),
      onState: (live) => {
        const missedSome = live === "on" && this.#state.live === "broken";
        this.#set({ live });
        if (missedSome) void this.#load(false);
      },
      // Asking for rows tells why.
      onRefused: () => void this.#load(false),
      onDropped: (count) => this.#set({ dropped: this.#state.dropped + count }),
    });
  }

  stop(): void {
    this.#stop();
    this.#query = null;
  }

  #stop(): void {
    this.#abort.abort();
    this.#unfollow();
    this.#cancelRetry();
    this.#incoming = new Map();
    this.#waiting = new Map();
  }

  /** Asks for the newest rows again. */
  refresh(): void {
    this.#set({ phase: this.#list.entries.length > 0 ? "refreshing" : "loading" });
    void this.#load(true);
  }

  /** While the reader is further down, new rows wait; what is on the screen stays where it is. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading && !this.#state.paused) this.#release();
  }

  pause(): void {
    this.#set({ paused: true });
  }

  resume(): void {
    this.#reading = false;
    this.#set({ paused: false });
    this.#release();
  }

  /** Asks for older rows, once at a time. */
  async loadMore(): Promise<void> {
    const query = this.#query;
    if (query === null || (this.#state.more !== "yes" && this.#state.more !== "failed")) return;
    this.#set({ more: "loading" });
    const { signal } = this.#abort;
    const params = apiParams(query);
    params.set("limit", String(PAGE_ROWS));
    const { oldest } = this.#list;
    if (this.#cursor !== null) params.set("cursor", this.#cursor);
    // Rows were pushed out: what is active before the oldest start that is shown comes next.
    else if (oldest !== null) params.set("to", new Date(oldest.startMs + 1).toISOString());
    try {
      const page = await this.#deps.fetchFlows(params, signal);
      this.#list.put(page.flows);
      this.#cursor = page.next;
      this.#set({ entries: this.#list.entries, more: page.next === null ? "none" : "yes" });
    } catch (error) {
      if (!signal.aborted) this.#set({ more: "failed", error: asApiError(error) });
    }
  }

  /** The newest page. `replace`: instead of what is there; else joined with it, if there is no hole between. */
  async #load(replace: boolean): Promise<void> {
    const query = this.#query;
    if (query === null) return;
    this.#cancelRetry();
    if (replace) {
      this.#abort.abort();
      this.#abort = new AbortController();
    }
    const { signal } = this.#abort;
    const params = apiParams(query);
    params.set("limit", String(PAGE_ROWS));
    try {
      const page = await this.#deps.fetchFlows(params, signal);
      if (signal.aborted) return;
      if (replace || !this.#joins(page)) {
        this.#list.clear();
        this.#cursor = page.next;
        this.#set({ more: page.next === null ? "none" : "yes" });
      }
      this.#list.put(page.flows);
      this.#set({ phase: "ready", error: null, entries: this.#list.entries });
      this.#askForFrame();
    } catch (error) {
      if (signal.aborted) return;
      const failure = asApiError(error);
      this.#set({ phase: "failed", error: failure });
      if (mayPass(failure)) this.#cancelRetry = this.#deps.later(() => void this.#load(replace), RETRY_MS);
    }
  }

  #joins(page: FlowPage): boolean {
    return page.next === null || page.flows.some((flow) => this.#list.has(writeFlowKey(flowKey(flow))));
  }

  #receive(flows: readonly FlowJson[]): void {
    for (const flow of flows) {
      // In the view of connections the other reports are inside of the primary one.
      if (this.#query?.reports === "merged" && !flow.primary) continue;
      keepNewest(this.#incoming, flow);
    }
    // A page in the background gets no frames: do not collect without end.
    if (this.#incoming.size > MAX_LIVE_ROWS) {
      this.#incoming = new Map();
      this.#missed = true;
    }
    this.#askForFrame();
  }

  #askForFrame(): void {
    if (this.#frameAsked) return;
    this.#frameAsked = true;
    this.#deps.onFrame(() => {
      this.#frameAsked = false;
      if (this.#state.phase === "ready") this.#take();
    });
  }

  /** Takes what has come in since the last frame. */
  #take(): void {
    if (this.#incoming.size === 0 && !this.#missed) return;
    const incoming = this.#incoming;
    this.#incoming = new Map();
    if (this.#state.paused || this.#reading) this.#hold(incoming);
    else this.#show(incoming.values());
  }

  /** While one reads, what is on the screen goes on counting, and new rows wait. While it is paused, all of them wait. */
  #hold(incoming: ReadonlyMap<string, FlowJson>): void {
    const known: FlowJson[] = [];
    for (const [key, flow] of incoming) {
      if (!this.#state.paused && this.#list.has(key)) known.push(flow);
      else keepNewest(this.#waiting, flow);
    }
    if (known.length > 0) this.#list.put(known);
    if (this.#waiting.size > MAX_LIVE_ROWS) {
      this.#waiting = new Map();
      this.#missed = true;
    }
    const held = this.#missed ? MAX_LIVE_ROWS : [...this.#waiting.keys()].filter((key) => !this.#list.has(key)).length;
    this.#set({ entries: this.#list.entries, held });
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    if (this.#state.phase === "ready") this.#show(waiting.values());
  }

  #show(flows: Iterable<FlowJson>): void {
    if (this.#missed) {
      this.#missed = false;
      this.#set({ held: 0 });
      void this.#load(true);
      return;
    }
    // A row that is older than the oldest one shown comes with its page.
    const oldestMs = this.#state.more === "none" ? Number.NEGATIVE_INFINITY : (this.#list.oldest?.startMs ?? 0);
    this.#list.put(
      [...flows].filter((flow) => Date.parse(flow.start) >= oldestMs),
      this.#deps.now(),
    );
    if (this.#list.keepNewest(MAX_LIVE_ROWS)) {
      this.#cursor = null;
      this.#set({ more: "yes" });
    }
    this.#set({ entries: this.#list.entries, held: 0 });
  }

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function keepNewest(rows: Map<string, FlowJson>, flow: FlowJson): void {
  const key = writeFlowKey(flowKey(flow));
  const known = rows.get(key);
  if (known === undefined || known.revision <= flow.revision) rows.set(key, flow);
}

/** Is it worth asking again by itself? Not after a refusal that will be the same next time. */
function mayPass({ data }: ApiError): boolean {
  return data.code === "UNREACHABLE" || (data.code === "REFUSED" && (data.status === 429 || data.status > 500));
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
