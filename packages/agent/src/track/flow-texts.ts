/** What is known of flows in words: the domain, the protocol within, the local program. Many flows share a text, so a slot has numbers of texts. */
import { NO_CODE } from "./codes.ts";
import type { FlowTable } from "./flow-table.ts";
import type { TrackerStats } from "./stats.ts";
import { TextTable } from "./text-table.ts";

/** Different texts of open flows: 100,000 and some. A flow beyond has none. */
const MAX_TEXT_BYTES = 10 * 1024 * 1024;

/** Few flows have more than one of these, and few combinations are different: they are one text. */
export interface FlowAbout {
  /** What the client offered to speak. */
  readonly app: string | null;
  /** Local user and program. */
  readonly uid: number | null;
  readonly process: string | null;
}
const NOTHING: FlowAbout = { app: null, uid: null, process: null };

export class FlowTexts {
  readonly #texts = new TextTable(MAX_TEXT_BYTES);
  readonly #table: FlowTable;
  readonly #stats: TrackerStats;

  constructor(table: FlowTable, stats: TrackerStats) {
    this.#table = table;
    this.#stats = stats;
  }

  /** Number and text of each, for the checkpoint. */
  entries(): [number, string][] {
    return this.#texts.entries();
  }

  /** Puts the texts of a checkpoint in the place of the numbers that they had there. */
  adopt(slot: number, textOf: ReadonlyMap<number, string>): void {
    for (const column of [this.#table.columns.domain, this.#table.columns.about]) {
      const text = textOf.get(column[slot]!);
      column[slot] = text === undefined ? 0 : this.#texts.take(text);
    }
  }

  domainOf(slot: number): string | null {
    return this.#texts.get(this.#table.columns.domain[slot]!);
  }

  /** @param source a code of DOMAIN_SOURCES */
  setDomain(slot: number, text: string | null, source: number): void {
    const { domain, domainSource } = this.#table.columns;
    this.#set(domain, slot, text);
    domainSource[slot] = domain[slot] === 0 ? NO_CODE : source;
  }

  aboutOf(slot: number): FlowAbout {
    const text = this.#texts.get(this.#table.columns.about[slot]!);
    if (text === null) return NOTHING;
    const [app, uid, process] = text.split("\n");
    return { app: app || null, uid: uid ? Number(uid) : null, process: process || null };
  }

  /** Changes what is given, and leaves the rest. */
  setAbout(slot: number, about: Partial<FlowAbout>): void {
    const { app, uid, process } = { ...this.aboutOf(slot), ...about };
    const isEmpty = app === null && uid === null;
    this.#set(this.#table.columns.about, slot, isEmpty ? null : `${app ?? ""}\n${uid ?? ""}\n${process ?? ""}`);
  }

  /** Before the slot is freed. */
  release(slot: number): void {
    const { domain, about } = this.#table.columns;
    this.#texts.release(domain[slot]!);
    this.#texts.release(about[slot]!);
  }

  #set(column: Uint32Array, slot: number, text: string | null): void {
    const before = column[slot]!;
    column[slot] = text === null ? 0 : this.#texts.take(text);
    if (text !== null && column[slot] === 0) this.#stats.namesRefused++;
    this.#texts.release(before);
  }
}
