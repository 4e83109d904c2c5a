/**
 * What only one of several servers does: whoever holds the lease. Renewed while it is held, given up at the end, taken over when its holder
 * is silent. A holder that can't reach the store stops to believe in it before anybody else may begin to.
 */
import { randomUUID } from "node:crypto";
import type { ClickHouse } from "./clickhouse.ts";
import { type Claim, type LeaseTimes, standing } from "./lease-standing.ts";
import type { Logger } from "./logger.ts";
import { LEASES } from "./schema/lease-table.ts";

export interface LeasesConfig extends LeaseTimes {
  /** False: this server is the only one, and holds all of them at once and always. */
  readonly shared: boolean;
  readonly renewMs: number;
  /** Clocks of servers run differently by no more than this within `ttlMs`: so much earlier a holder stops to believe. */
  readonly slackMs: number;
}

export const LEASE_TIMES = { ttlMs: 15_000, settleMs: 1000, renewMs: 4000, slackMs: 2000 } as const;

export interface LeasesDeps {
  readonly clickhouse: Pick<ClickHouse, "rows" | "command">;
  readonly logger: Logger;
  /** Who this is, for people who look. */
  readonly holder: string;
  /** A clock that never jumps; left out: that of the process. */
  readonly elapsed?: () => number;
}

export interface Lease {
  readonly name: string;
  /** Look at it right before each step of what only one may do, and once more after a long one. */
  readonly isMine: boolean;
}

interface Row {
  readonly name: string;
  readonly term: string;
  readonly claim: string;
  readonly claimed_ms: string;
  readonly beat_ms: string;
  readonly released: number;
  readonly now_ms: string;
}

interface Held {
  readonly name: string;
  own: string | null;
  claim: Claim | null;
  /** By `elapsed`; below it the lease is ours. */
  untilMs: number;
}

export class Leases {
  readonly #config: LeasesConfig;
  readonly #deps: LeasesDeps;
  readonly #elapsed: () => number;
  readonly #held = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(config: LeasesConfig, deps: LeasesDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#elapsed = deps.elapsed ?? (() => performance.now());
  }

  /** The same one for the same name. Ours as soon as nobody else holds it. */
  hold(name: string): Lease {
    const { shared } = this.#config;
    const held = this.#held.get(name) ?? { name, own: null, claim: null, untilMs: Number.NEGATIVE_INFINITY };
    this.#held.set(name, held);
    const isMine = () => !this.#isOver && (!shared || this.#elapsed() < held.untilMs);
    return {
      name,
      get isMine() {
        return isMine();
      },
    };
  }

  start(): void {
    if (this.#config.shared) this.#plan(0);
  }

  /** Gives all of them up, so that others need not wait. What was done under them must be over. */
  async stop(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    await this.#running;
    for (const held of this.#held.values()) {
      if (held.own === null) continue;
      held.untilMs = Number.NEGATIVE_INFINITY;
      await this.#write(held, held.claim, true).catch((error: unknown) => {
        this.#deps.logger.warn(
          { err: error, lease: held.name },
          "a lease could not be given up: others wait until it has run out",
        );
      });
    }
  }

  /** One round: what `start` does again and again. @throws StoreError */
  async renew(): Promise<void> {
    const held = [...this.#held.values()];
    if (held.length === 0) return;
    const began = this.#elapsed();
    for (const one of held) if (one.claim !== null) await this.#write(one, one.claim, false);
    const rows = await this.#deps.clickhouse.rows<Row>(
      `SELECT name, term, claim, toUnixTimestamp64Milli(min(claimed)) AS claimed_ms, toUnixTimestamp64Milli(max(beat)) AS beat_ms,
         max(released) AS released, toUnixTimestamp64Milli(now64(3)) AS now_ms
       FROM ${LEASES.name} WHERE name IN {names:Array(String)} GROUP BY name, term, claim`,
      { names: held.map(({ name }) => name) },
    );
    for (const one of held)
      await this.#take(
        one,
        rows.filter(({ name }) => name === one.name),
        began,
      );
  }

  async #take(held: Held, rows: readonly Row[], began: number): Promise<void> {
    const { ttlMs, slackMs } = this.#config;
    const now = standing(rows.map(claimOf), held.own, Number(rows[0]?.now_ms ?? 0), this.#config);
    const wasMine = this.#elapsed() < held.untilMs;
    held.claim = now.kind === "mine" || now.kind === "soon" ? now.claim : null;
    held.untilMs = now.kind === "mine" ? began + ttlMs - slackMs : Number.NEGATIVE_INFINITY;
    if (wasMine !== (now.kind === "mine")) this.#say(held.name, !wasMine);
    if (now.kind === "other") held.own = null;
    if (now.kind !== "free" || this.#isOver) return;
    held.own = randomUUID();
    await this.#write(held, { term: now.term, claim: held.own, claimedMs: 0, beatMs: 0, released: false }, false);
  }

  /** @param claim one that was not made yet has no time: the store says when it was */
  async #write({ name, own }: Held, claim: Claim | null, released: boolean): Promise<void> {
    if (claim === null) return;
    const claimed = claim.claimedMs === 0 ? "now64(3, 'UTC')" : "fromUnixTimestamp64Milli({claimed:Int64}, 'UTC')";
    await this.#deps.clickhouse.command(
      `INSERT INTO ${LEASES.name} (name, term, claim, holder, claimed, beat, released)
       SELECT {name:String}, {term:UInt64}, {claim:String}, {holder:String}, ${claimed}, now64(3, 'UTC'), {released:UInt8}`,
      { name, term: claim.term, claim: own, holder: this.#deps.holder, claimed: claim.claimedMs, released: Number(released) },
    );
  }

  #say(lease: string, isMine: boolean): void {
    this.#deps.logger.info(
      { lease },
      isMine ? "this server holds the lease now" : "this server does not hold the lease any more",
    );
  }

  /** Sooner where one may become ours in a moment. */
  #plan(waitMs: number): void {
    if (this.#isOver) return;
    const { renewMs, settleMs } = this.#config;
    this.#timer = setTimeout(() => {
      this.#running = this.renew()
        .catch((error: unknown) => {
          this.#deps.logger.warn({ err: error }, "leases could not be renewed, it is tried again");
        })
        .then(() => {
          const isWaiting = [...this.#held.values()].some(({ own, untilMs }) => own !== null && this.#elapsed() >= untilMs);
          this.#plan(isWaiting ? Math.min(renewMs, settleMs) : renewMs);
        });
    }, waitMs);
    this.#timer.unref();
  }
}

function claimOf({ term, claim, claimed_ms, beat_ms, released }: Row): Claim {
  return {
    term: Number(term),
    claim,
    claimedMs: Number(claimed_ms),
    beatMs: Number(beat_ms),
    released: released === 1,
  };
}
