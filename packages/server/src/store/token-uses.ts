/** When and from where each token was used last: noted in memory, written at most once a minute for each, merged with what other servers wrote. */
import type { ClickHouse } from "./clickhouse.ts";
import { insertObjects } from "./deliveries.ts";
import type { Logger } from "./logger.ts";
import { Rhythm } from "./rhythm.ts";
import { TOKEN_USES } from "./schema/enrolment-tables.ts";

export interface TokenUse {
  readonly usedMs: number;
  readonly address: string;
}

interface Noted extends TokenUse {
  /** When its row was written; 0: it never was. */
  readonly writtenMs: number;
}

const WRITE_EVERY_MS = 60_000;
const LOOK_EVERY_MS = 5_000;
/** Tokens that are there; more are noted when others were written. */
const MAX_NOTED = 50_000;

export class TokenUses {
  readonly #clickhouse: Pick<ClickHouse, "rows" | "insert">;
  readonly #now: () => number;
  readonly #noted = new Map<string, Noted>();
  readonly #rhythm: Rhythm;

  constructor(clickhouse: Pick<ClickHouse, "rows" | "insert">, deps: { now: () => number; logger: Logger }) {
    this.#clickhouse = clickhouse;
    this.#now = deps.now;
    this.#rhythm = new Rhythm("noting the use of tokens", LOOK_EVERY_MS, () => this.write(), deps);
  }

  start(): void {
    this.#rhythm.start();
  }

  /** Writes what is not written yet. */
  async stop(): Promise<void> {
    this.#rhythm.end();
    await this.#rhythm.ended();
    // A store that is away keeps nobody from stopping: what is lost is a minute of a note.
    await this.write(true).catch(() => undefined);
  }

  note(token: string, address: string): void {
    const known = this.#noted.get(token);
    if (known === undefined && this.#noted.size >= MAX_NOTED) this.#forgetWritten();
    if (known === undefined && this.#noted.size >= MAX_NOTED) return;
    this.#noted.set(token, { usedMs: this.#now(), address, writtenMs: known?.writtenMs ?? 0 });
  }

  /** By token's id: what is newest, here or on other servers. @throws StoreError */
  async all(): Promise<ReadonlyMap<string, TokenUse>> {
    const rows = await this.#clickhouse.rows<{ token: string; used_ms: string; address: string }>(
      `SELECT token, toUnixTimestamp64Milli(max(used)) AS used_ms, argMax(address, used) AS address FROM ${TOKEN_USES.name} GROUP BY token`,
    );
    const uses = new Map<string, TokenUse>(
      rows.map(({ token, used_ms, address }) => [token, { usedMs: Number(used_ms), address }]),
    );
    for (const [token, { usedMs, address }] of this.#noted)
      if (usedMs >= (uses.get(token)?.usedMs ?? 0)) uses.set(token, { usedMs, address });
    return uses;
  }

  /** What was used since it was written, if that was a minute ago. @throws StoreError */
  async write(all = false): Promise<void> {
    const nowMs = this.#now();
    const due = [...this.#noted].filter(
      ([, { usedMs, writtenMs }]) => usedMs > writtenMs && (all || writtenMs <= nowMs - WRITE_EVERY_MS),
    );
    await insertObjects(
      this.#clickhouse,
      TOKEN_USES.name,
      due.map(([token, { usedMs, address }]) => ({ token, used: new Date(usedMs).toISOString(), address })),
    );
    for (const [token, written] of due) {
      const now = this.#noted.get(token) ?? written;
      this.#noted.set(token, { ...now, writtenMs: nowMs });
    }
  }

  #forgetWritten(): void {
    for (const [token, { usedMs, writtenMs }] of this.#noted) if (usedMs <= writtenMs) this.#noted.delete(token);
  }
}
