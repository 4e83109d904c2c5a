/** Calls over HTTP, made and measured by a thread of their own. */
import { Worker } from "node:worker_threads";

export interface Call {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Timing {
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
  readonly bytes: number;
  /** Of an answer that is not JSON. */
  readonly lines: number;
  /** End and beginning of a JSON answer. */
  readonly text: string;
  readonly head: string;
}

export interface Round {
  readonly id: number;
  readonly calls: readonly Call[];
  /** One after the other: 1. */
  readonly atOnce: number;
}

export class Readers {
  readonly #worker = new Worker(new URL("./reader.ts", import.meta.url));
  #next = 0;

  readonly #waiting = new Map<number, (timings: Timing[]) => void>();

  constructor() {
    this.#worker.on("message", ({ id, timings }: { id: number; timings: Timing[] }) => {
      this.#waiting.get(id)?.(timings);
      this.#waiting.delete(id);
    });
    this.#worker.on("error", (error) => {
      throw error;
    });
  }

  ask(calls: readonly Call[], atOnce = 1): Promise<Timing[]> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#worker.postMessage({ id, calls, atOnce } satisfies Round);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
