/**
 * Sample traffic, for a try-out on a machine where nothing can be captured. Made up and said to be so: network `sample`, reporters
 * `sample-…`. It never shows among real rows, and is deleted when it is switched off.
 */
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import type { FlowBatch } from "@flowtrail/model";
import { SAMPLE_NETWORK } from "../receive/check.ts";
import type { StoreNodes } from "../store/nodes.ts";
import { ROLLUPS, VALUE_ROLLUPS } from "../store/schema/rollup-tables.ts";
import { SampleScript } from "./script.ts";

export interface SampleDeps {
  readonly now: () => number;
  readonly random: () => number;
  readonly logger: { warn(fields: object, message: string): void };
  readonly nodes: StoreNodes;
  /** File that is there while there may be sample rows: they are looked for after a crash, and not at every start. */
  readonly marker: string;
  /** Names participants and elects primaries, by the script's own inventory. */
  readonly submit: (rows: FlowBatch) => Promise<void>;
}

const TICK_MS = 1000;
const BACKFILL_MS = 15 * 60_000;
const TABLES = [
  "flows",
  "flows_long",
  "flows_open",
  "flow_deltas",
  ...[...ROLLUPS, ...VALUE_ROLLUPS].map(({ table }) => table.name),
];

export class Sample {
  readonly #deps: SampleDeps;
  #script: SampleScript | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** One change at a time. */
  #work: Promise<void> = Promise.resolve();

  constructor(deps: SampleDeps) {
    this.#deps = deps;
  }

  get on(): boolean {
    return this.#script !== null;
  }

  /** Removes what an earlier run left. @throws StoreError */
  async start(): Promise<void> {
    if (existsSync(this.#deps.marker)) await this.#delete();
  }

  /** @throws StoreError */
  switch(on: boolean): Promise<void> {
    const work = this.#work.then(() => (on ? this.#switchOn() : this.#switchOff()));
    this.#work = work.catch(() => {}); // told to whoever asked; the next one begins anew
    return work;
  }

  /** Stops making traffic. What there is goes at the next start. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#work;
  }

  async #switchOn(): Promise<void> {
    if (this.#script !== null) return;
    const { now, random, submit } = this.#deps;
    const script = new SampleScript({ random, fromMs: now() - BACKFILL_MS });
    this.#script = script;
    try {
      await writeFile(this.#deps.marker, "");
      await submit(script.advance(now()));
    } catch (error) {
      this.#script = null;
      throw error;
    }
    this.#plan();
  }

  #plan(): void {
    this.#timer = setTimeout(() => {
      this.#work = this.#work.then(() => this.#tick());
    }, TICK_MS);
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    const script = this.#script;
    if (script === null) return;
    try {
      await this.#deps.submit(script.advance(this.#deps.now()));
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "sample traffic could not be stored");
    }
    if (this.#script === script) this.#plan();
  }

  async #switchOff(): Promise<void> {
    this.#halt();
    await this.#delete();
  }

  #halt(): void {
    this.#script = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #delete(): Promise<void> {
    const { all, local } = this.#deps.nodes;
    for (const node of all) {
      for (const table of TABLES) {
        await node.command(`DELETE FROM ${local(table)} WHERE network = {network:String}`, { network: SAMPLE_NETWORK });
      }
    }
    await rm(this.#deps.marker, { force: true });
  }
}
