/** Fills the table: pages that are asked for at both ends, and rows that come in live, as one bounded list. */
import type { FlowJson } from "@flowtrail/model";
import { flowKey } from "../../../lib/api.ts";
import type { FlowPage } from "../../../lib/api-types.ts";
import { mayPass } from "../../../lib/errors.ts";
import { boundsOf, isLive } from "../../../lib/time-window.ts";
import type { FollowLive } from "../live/follow.ts";
import { writeFlowKey } from "../query.ts";
import { asApiError, type FeedState, START } from "./feed-state.ts";
import { type FlowEntry, FlowList } from "./flow-list.ts";
import { LiveRows } from "./live-rows.ts";
import { type Onwards, PageMarks } from "./page-marks.ts";
import { type FlowQuestion, pageParams, takesNewRows } from "./question.ts";

/** Enough for any screen at first; more of them once somebody scrolls. */
const FIRST_ROWS = 200;
const MORE_ROWS = 400;
/** Rows that are far away are forgotten and asked for again. */
export const MOST_ROWS = 3000;
const RETRY_MS = 5000;

export interface FeedDeps {
  fetchFlows(params: URLSearchParams, signal: AbortSignal): Promise<FlowPage>;
  readonly followLive: FollowLive;
  /** Runs `work` before the next frame is painted. */
  onFrame(work: () => void): void;
  later(work: () => void, ms: number): () => void;
  now(): number;
}

export class FlowFeed {
  readonly #deps: FeedDeps;
  readonly #list = new FlowList();
  readonly #marks = new PageMarks();
  readonly #live = new LiveRows();
  readonly #listeners = new Set<() => void>();
  #state = START;
  #question: FlowQuestion | null = null;
  #abort = new AbortController();
  #following: ReturnType<FollowLive> | null = null;
  #cancelRetry: () => void = () => {};
  #reading = false;
  #frameAsked = false;

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly state = (): FeedState => this.#state;

  /** Shows the answer to another question; the rows of the one before stay until it is there. */
  ask(question: FlowQuestion): void {
    this.#stop();
    this.#question = question;
    const phase = this.#list.entries.length > 0 ? "refreshing" : "loading";
    this.#set({ phase, held: 0, dropped: 0, sampled: 1, paused: false, live: "off", takesNew: this.#takesNew });
    void this.#load(true);
    if (isLive(question.window)) this.#follow(question);
  }

  /** Asks nothing and shows nothing. */
  rest(): void {
    this.stop();
    this.#list.begin("newest");
    this.#marks.begin();
    const generation = this.#state.generation + 1;
    this.#changed({ ...START, entries: this.#list.entries, generation });
  }

  stop(): void {
    this.#stop();
    this.#question = null;
  }

  #stop(): void {
    this.#abort.abort();
    this.#following?.stop();
    this.#following = null;
    this.#cancelRetry();
    this.#live.clear();
  }

  /** Asks for the beginning of the list again. */
  refresh(): void {
    if (this.#question === null) return;
    this.#live.clear();
    this.#set({ phase: this.#list.entries.length > 0 ? "refreshing" : "loading", held: 0, sampled: 1, dropped: 0 });
    void this.#load(true);
  }

  /** Leaves the question that runs: the server stops working on it. What was shown before stays. */
  cancel(): void {
    if (this.#state.phase !== "loading" && this.#state.phase !== "refreshing") return;
    this.#abort.abort();
    this.#cancelRetry();
    this.#set({ phase: "cancelled" });
  }

  /** While the reader is further down, or points at a row, new rows wait; what is on the screen stays where it is. */
  setReading(reading: boolean): void {
    this.#reading = reading;
    if (!reading && !this.#state.paused) this.#release();
  }

  /** Rows that ended before a window that moves on are in it no more; while one reads, they stay. */
  dropGone(): void {
    const { phase, paused } = this.#state;
    if (this.#question === null || phase !== "ready" || paused || this.#reading) return;
    const bounds = boundsOf(this.#question.window, this.#deps.now());
    if (bounds === null || !this.#takesNew || this.#marks.newer !== null) return;
    const isGone = ({ flow }: FlowEntry) => flow.state !== "open" && Date.parse(flow.end ?? flow.last_seen) < bounds.fromMs;
    if (this.#list.drop(isGone)) this.#changed({});
  }

  pause(): void {
    this.#set({ paused: true });
  }

  /** Shows what has come in meanwhile: the table is at its top then. */
  resume(): void {
    this.#reading = false;
    this.#set({ paused: false });
    if (this.#marks.newer === null) this.#release();
    else this.refresh();
  }

  /** Nothing is shown but what comes in from now on. */
  clear(): void {
    if (!this.#takesNew) return;
    this.#abort.abort();
    this.#live.clear();
    this.#list.begin("newest");
    this.#marks.begin();
    const generation = this.#state.generation + 1;
    this.#changed({ phase: "ready", cleared: true, generation, held: 0, meta: undefined, note: null });
  }

  loadOlder(): Promise<void> {
    return this.#loadMore("more", this.#marks.older);
  }

  loadNewer(): Promise<void> {
    return this.#loadMore("before", this.#marks.newer);
  }

  /** Asks for a page at one end, once at a time. */
  async #loadMore(edge: "more" | "before", place: Onwards): Promise<void> {
    const question = this.#question;
    if (question === null || place === null || this.#state[edge] === "loading") return;
    this.#set({ [edge]: "loading" });
    const { signal } = this.#abort;
    const params = pageParams(question);
    params.set("limit", String(MORE_ROWS));
    if ("cursor" in place) params.set("cursor", place.cursor);
    else params.set("at", place.at);
    try {
      const page = await this.#deps.fetchFlows(params, signal);
      if (signal.aborted) return;
      if (edge === "more") this.#putOlder(page);
      else this.#putNewer(page);
      this.#changed({ meta: page.meta, note: page.note, error: null });
    } catch (error) {
      if (!signal.aborted) this.#set({ [edge]: "failed", error: asApiError(error) });
    }
  }

  #putOlder(page: FlowPage): void {
    this.#list.put(page.flows);
    this.#marks.addOlder(page.flows.map(keyOf), page);
    this.#list.keep(...this.#marks.cutNewest(this.#list.entries, MOST_ROWS));
    // What comes in from now on belongs above rows that are not here any more.
    if (this.#marks.newer !== null) this.#live.lose();
  }

  #putNewer(page: FlowPage): void {
    this.#list.putBefore(page.flows);
    this.#marks.addNewer(page.flows.map(keyOf), page);
    this.#list.keep(...this.#marks.cutOldest(this.#list.entries, MOST_ROWS));
  }

  /** The first page. `replace`: instead of what is there; else joined with it, if there is no hole between. */
  async #load(replace: boolean): Promise<void> {
    const question = this.#question;
    if (question === null) return;
    this.#cancelRetry();
    if (replace) {
      this.#abort.abort();
      this.#abort = new AbortController();
      this.#set({ askedMs: this.#deps.now() });
    }
    const { signal } = this.#abort;
    const params = pageParams(question);
    params.set("limit", String(FIRST_ROWS));
    try {
      const page = await this.#deps.fetchFlows(params, signal);
      if (signal.aborted) return;
      const begins = replace || !this.#joins(page);
      if (begins) this.#begin(question, page);
      else this.#list.put(page.flows);
      const generation = this.#state.generation + (begins ? 1 : 0);
      this.#changed({ phase: "ready", cleared: false, error: null, meta: page.meta, note: page.note, generation });
      this.#askForFrame();
    } catch (error) {
      if (signal.aborted) return;
      const failure = asApiError(error);
      this.#set({ phase: "failed", error: failure });
      if (mayPass(failure)) this.#cancelRetry = this.#deps.later(() => void this.#load(replace), RETRY_MS);
    }
  }

  #begin({ sort, order }: FlowQuestion, page: FlowPage): void {
    this.#list.begin(sort !== "time" ? "told" : order === "desc" ? "newest" : "oldest");
    this.#marks.begin();
    this.#list.put(page.flows);
    this.#marks.addOlder(page.flows.map(keyOf), page);
  }

  #joins(page: FlowPage): boolean {
    return page.next === null || page.flows.some((flow) => this.#list.has(keyOf(flow)));
  }

  #follow(question: FlowQuestion): void {
    this.#following = this.#deps.followLive(question.flows, {
      onRows: (flows, of) => this.#receive(flows, of),
      onState: (live) => {
        const missedSome = live === "on" && this.#state.live === "broken";
        this.#set({ live });
        if (missedSome && this.#takesNew) void this.#load(false);
      },
      // Asking for rows tells why.
      onRefused: () => void this.#load(false),
    });
  }

  #receive(flows: readonly FlowJson[], of: number): void {
    if (of !== flows.length || this.#state.sampled !== 1) {
      const sampled = flows.length === 0 ? this.#state.sampled : Math.max(1, Math.round((10 * of) / flows.length) / 10);
      this.#set({ sampled, dropped: this.#state.dropped + of - flows.length });
    }
    this.#live.receive(flows);
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
    if (!this.#live.hasIncoming && !this.#live.hasLost) return;
    const flows = this.#live.takeIncoming();
    if (!this.#takesNew) {
      this.#list.update(flows);
      this.#set({ entries: this.#list.entries });
    } else if (this.#state.paused || this.#reading || this.#marks.newer !== null) this.#hold(flows);
    else this.#show(flows);
  }

  get #takesNew(): boolean {
    return this.#question !== null && takesNewRows(this.#question);
  }

  /** While one reads, what is on the screen goes on counting, and new rows wait. While it is paused, all of them wait. */
  #hold(flows: readonly FlowJson[]): void {
    if (!this.#state.paused) this.#list.update(flows);
    this.#live.hold(this.#state.paused ? flows : flows.filter((flow) => !this.#list.has(keyOf(flow))));
    this.#set({ entries: this.#list.entries, held: this.#live.heldBeside((key) => this.#list.has(key)) });
  }

  #release(): void {
    // What is new belongs to the beginning of the list, which may be further up.
    if (this.#state.phase !== "ready" || !this.#takesNew || this.#marks.newer !== null) return;
    this.#show(this.#live.takeWaiting());
  }

  #show(flows: readonly FlowJson[]): void {
    if (this.#live.hasLost) {
      this.refresh();
      return;
    }
    // A row that is older than the oldest one shown comes with its page.
    const oldestMs = this.#marks.older === null ? Number.NEGATIVE_INFINITY : (this.#list.last?.startMs ?? 0);
    this.#list.put(
      flows.filter((flow) => Date.parse(flow.start) >= oldestMs),
      this.#deps.now(),
    );
    this.#list.keep(...this.#marks.cutOldest(this.#list.entries, MOST_ROWS));
    this.#changed({ held: 0 });
  }

  /** The rows, or how the list goes on, are others. */
  #changed(change: Partial<FeedState>): void {
    this.#set({
      entries: this.#list.entries,
      more: this.#marks.older === null ? "none" : "yes",
      before: this.#marks.newer === null ? "none" : "yes",
      ...change,
    });
    if ("meta" in change)
      this.#following?.watch(this.#list.entries.filter(({ flow }) => flow.state === "open").map(({ key }) => key));
  }

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function keyOf(flow: FlowJson): string {
  return writeFlowKey(flowKey(flow));
}
