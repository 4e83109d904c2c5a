/** A sink's place: read when it begins, moved on after each hand-over, written often enough that a restart repeats little. */
import { type NodePlace, type StreamPlace, spreadOver } from "../stream/place.ts";
import type { OfSink, SinkPlaces } from "./places.ts";

interface KeptPlace {
  readonly place: StreamPlace;
  readonly taken: number;
  readonly lost: number;
  /** Until when `lost` was counted. */
  readonly counted_ms?: number | null;
}

/** While records are handed over, a restart repeats those of so long at most, and one batch. */
const WRITE_EVERY_MS = 1000;
/** While there are none. */
const IDLE_WRITE_MS = 30_000;

export class Cursor {
  readonly #places: Pick<SinkPlaces, "read" | "write">;
  readonly #sink: OfSink;
  readonly #elapsed: () => number;
  #version = 0;
  #place: Record<string, readonly NodePlace[]> = {};
  #writtenAt = Number.NEGATIVE_INFINITY;
  #changed: "no" | "moved" | "taken" = "no";
  taken = 0;
  #lost = 0;
  #countedMs: number | null = null;

  constructor(places: Pick<SinkPlaces, "read" | "write">, sink: OfSink, elapsed: () => number = () => performance.now()) {
    this.#places = places;
    this.#sink = sink;
    this.#elapsed = elapsed;
  }

  /**
   * @param sources where each begins that has no place yet, on each node
   * @throws StoreError
   */
  async load(sources: ReadonlyMap<string, readonly (() => Promise<NodePlace>)[]>): Promise<void> {
    const kept = await this.#places.read(this.#sink, "place");
    this.#version = kept?.version ?? 0;
    const own = kept?.value as KeptPlace | undefined;
    this.taken = own?.taken ?? 0;
    this.#lost = own?.lost ?? 0;
    this.#countedMs = own?.counted_ms ?? null;
    this.#place = {};
    for (const [name, nodes] of sources) {
      const known = spreadOver(own?.place[name] ?? [], nodes.length);
      this.#place[name] = known ?? (await Promise.all(nodes.map((begin) => begin())));
    }
    // What was stored before a sink's first place is not its: that has to be known before anything is.
    this.#changed = "taken";
    await this.write(true);
  }

  at(source: string, node: number): NodePlace {
    const place = this.#place[source]?.[node];
    if (place === undefined) throw new TypeError(`no place of ${source} on node ${node}`);
    return place;
  }

  /** @param taken events that were handed over on the way */
  move(source: string, node: number, to: NodePlace, taken: number): void {
    const places = [...(this.#place[source] ?? [])];
    places[node] = to;
    this.#place[source] = places;
    this.taken += taken;
    if (taken > 0) this.#changed = "taken";
    else if (this.#changed === "no") this.#changed = "moved";
  }

  /** Records that retention deleted before they were handed over, at most. */
  get lost(): number {
    return this.#lost;
  }

  /** Until when they were counted, also by whoever ran the sink before: it may have rested since. Null: never. */
  get countedMs(): number | null {
    return this.#countedMs;
  }

  countLost(more: number, nowMs: number): void {
    this.#lost += more;
    this.#countedMs = nowMs;
    if (this.#changed === "no") this.#changed = "moved";
  }

  /** If it is time. @throws StoreError */
  async write(now = false): Promise<void> {
    const age = this.#elapsed() - this.#writtenAt;
    const isDue = this.#changed === "taken" ? age >= WRITE_EVERY_MS : this.#changed === "moved" && age >= IDLE_WRITE_MS;
    if (!isDue && !(now && this.#changed !== "no")) return;
    this.#changed = "no";
    this.#writtenAt = this.#elapsed();
    const value: KeptPlace = { place: this.#place, taken: this.taken, lost: this.#lost, counted_ms: this.#countedMs };
    try {
      this.#version = await this.#places.write(this.#sink, "place", this.#version, value);
    } catch (error) {
      this.#changed = "taken";
      throw error;
    }
  }
}
