/** Events that are refused: each alone, with the reason, for the dead-letter table. */
import { createHash } from "node:crypto";
import type { JsonValue } from "@flowtrail/model";
import type { DeadLetter } from "../ports.ts";
import { contentOf, type RejectCode } from "../rows.ts";
import type { NetmakerEvent } from "./event.ts";

/** More of one envelope are counted only: whoever sends thousands of broken events need not fill the table. */
const MAX_LETTERS = 100;
const MAX_HEX = 1000;

export class Letters {
  readonly #events: readonly Uint8Array[];
  readonly #nowMs: number;
  readonly #letters: DeadLetter[] = [];
  readonly #counts = new Map<RejectCode, number>();
  #first: string | null = null;
  #batch: string | null = null;
  #count = 0;

  constructor(events: readonly Uint8Array[], nowMs: number) {
    this.#events = events;
    this.#nowMs = nowMs;
  }

  get letters(): readonly DeadLetter[] {
    return this.#letters;
  }

  get count(): number {
    return this.#count;
  }

  /** By code. */
  get counts(): ReadonlyMap<RejectCode, number> {
    return this.#counts;
  }

  /** For the answer: what was wrong with the first one. */
  get first(): string | null {
    return this.#first;
  }

  /** @param event what could be read of it */
  add(place: number, code: RejectCode, message: string, event: NetmakerEvent | null): void {
    this.#count++;
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
    this.#first ??= `event ${place}: ${message}`;
    if (this.#letters.length === MAX_LETTERS) return;
    const bytes = this.#events[place] ?? new Uint8Array();
    const json = contentOf(event === null ? { hex: Buffer.from(bytes.subarray(0, MAX_HEX)).toString("hex") } : flat(event));
    const reporterId = event?.hostId.slice(0, 256) ?? "";
    this.#letters.push({ receivedMs: this.#nowMs, reporterId, batch: this.#name(), row: place, code, message, json });
  }

  /** The same envelope sent again has the same letters. */
  #name(): string {
    if (this.#batch === null) {
      const hash = createHash("sha256");
      for (const event of this.#events) hash.update(event);
      this.#batch = `netmaker ${hash.digest("base64")}`;
    }
    return this.#batch;
  }
}

function flat(event: NetmakerEvent): Record<string, JsonValue> {
  const { src, dst, ...rest } = event;
  const end = (which: string, { ip, type, id, name }: NetmakerEvent["src"]) => ({
    [`${which}_ip`]: ip,
    [`${which}_type`]: type,
    [`${which}_id`]: id,
    [`${which}_name`]: name,
  });
  return { ...rest, ...end("src", src), ...end("dst", dst) };
}
