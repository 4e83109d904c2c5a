/** Keeps roster and book of agents up to date: with what earlier runs stored, with what comes in here, and with what comes in elsewhere. */
import type { Delivery } from "../receive/ports.ts";
import type { ClickHouse } from "../store/clickhouse.ts";
import type { AgentBook } from "./agent-book.ts";
import { deliveriesSince, heardBefore } from "./deliveries.ts";
import type { Roster } from "./roster.ts";

export interface AgentWatchDeps {
  readonly now: () => number;
  readonly logger: { debug(fields: object, message: string): void; warn(fields: object, message: string): void };
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly roster: Roster;
  readonly book: AgentBook;
  /** Takes note of an agent's own addresses. */
  readonly declare: (reporter: { id: string; name: string }, addresses: Readonly<Record<string, readonly string[]>>) => void;
}

const REFRESH_MS = 5000;
const DAY_MS = 24 * 3_600_000;
/** Clocks of servers differ, and a delivery is visible a moment after its time. */
const OVERLAP_MS = 30_000;

export class AgentWatch {
  readonly #deps: AgentWatchDeps;
  /** Others write into the same store. */
  readonly #shared: boolean;
  #timer: NodeJS.Timeout | null = null;
  #askedMs = 0;

  constructor(config: { shared: boolean }, deps: AgentWatchDeps) {
    this.#shared = config.shared;
    this.#deps = deps;
  }

  /** @throws StoreError */
  async start(): Promise<void> {
    const { clickhouse, roster, book, declare, now, logger } = this.#deps;
    await roster.refresh();
    const heard = await heardBefore(clickhouse);
    roster.load(heard);
    for (const { reporterId, reporter, addresses } of heard) declare({ id: reporterId, name: reporter }, addresses);
    this.#askedMs = now();
    try {
      for (const delivery of await deliveriesSince(clickhouse, now() - DAY_MS)) book.note(delivery);
    } catch (error) {
      logger.warn({ err: error }, "what agents delivered during the last day could not be read: the health page begins anew");
    }
    this.#plan();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  note(delivery: Delivery): void {
    const { reporterId, reporter, receivedMs, coveredFromMs, addresses } = delivery;
    this.#deps.roster.note({ reporterId, reporter, lastMs: receivedMs, coveredFromMs, addresses });
    this.#deps.book.note(delivery);
  }

  #plan(): void {
    this.#timer = setTimeout(() => {
      this.#refresh()
        .catch((error: unknown) =>
          this.#deps.logger.debug({ err: error }, "other servers' agents could not be read, it is tried again"),
        )
        .finally(() => {
          if (this.#timer !== null) this.#plan();
        });
    }, REFRESH_MS);
    this.#timer.unref();
  }

  async #refresh(): Promise<void> {
    await this.#deps.roster.refresh();
    if (!this.#shared) return;
    const sinceMs = this.#askedMs - OVERLAP_MS;
    this.#askedMs = this.#deps.now();
    for (const delivery of await deliveriesSince(this.#deps.clickhouse, sinceMs)) {
      this.note(delivery);
      if (delivery.agentVersion === "") continue;
      this.#deps.declare({ id: delivery.reporterId, name: delivery.reporter }, delivery.addresses);
    }
  }
}
