/**
 * Rows of `GET /api/v1/flows` of a Netmaker server, older ones first. It orders by a time of which several rows may have the same and
 * skips by number, so a page behind the first may miss a row: the time is cut so that each question has one page.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { TimeRange } from "@flowtrail/model";
import { NetmakerError } from "../identify/sources/netmaker/errors.ts";
import { type Ask, listOf } from "../identify/sources/netmaker/lists.ts";

/** Some rows in the order in which they are to be stored. */
export interface RowsRead {
  readonly rows: readonly unknown[];
  /** Everything before it was read, ms since 1970; null: not yet said. */
  readonly doneToMs: number | null;
}

export interface RestOptions {
  readonly range: TimeRange;
  readonly network: string | undefined;
  /** Least time between two questions. It grows with what an answer takes: Netmaker looks through its whole table for each. */
  readonly pauseMs: number;
  readonly onWait?: (reason: string, ms: number) => void;
}

const PER_PAGE = 1000;
const WANTED = 700;
const SECOND_MS = 1000;
const FIRST_MS = 3_600_000;
const LONGEST_MS = 86_400_000;
const TRIES = 6;
const MAX_PAUSE_MS = 60_000;
/** Of one second. More than this is no flow log. */
const MAX_PAGES = 200;

/** @throws NetmakerError when it is no use to go on */
export async function* readRest(ask: Ask, options: RestOptions, signal: AbortSignal): AsyncGenerator<RowsRead> {
  const { range, network, pauseMs } = options;
  // It compares whole seconds, both ends included. A row on an edge is read twice.
  let atMs = Math.floor(range.fromMs / SECOND_MS) * SECOND_MS;
  let lengthMs = FIRST_MS;
  while (atMs < range.toMs) {
    const toMs = Math.min(atMs + lengthMs, Math.ceil(range.toMs / SECOND_MS) * SECOND_MS);
    const page = async (number: number) => {
      const began = performance.now();
      const rows = await patiently(() => listOf(ask, pathOf({ fromMs: atMs, toMs }, network, number)), options, signal);
      await sleep(Math.max(pauseMs, performance.now() - began), undefined, { signal });
      return rows;
    };
    const rows = [...(await page(1))];
    if (rows.length >= PER_PAGE && toMs - atMs > SECOND_MS) {
      lengthMs = Math.max(SECOND_MS, Math.floor((toMs - atMs) / 4 / SECOND_MS) * SECOND_MS);
      continue;
    }
    for (let number = 2; rows.length === PER_PAGE * (number - 1) && number <= MAX_PAGES; number++)
      rows.push(...(await page(number)));
    // The newest stand first.
    yield { rows: rows.reverse(), doneToMs: toMs };
    const factor = rows.length === 0 ? 4 : Math.min(4, Math.max(0.25, WANTED / rows.length));
    lengthMs = Math.min(LONGEST_MS, Math.max(SECOND_MS, Math.floor(((toMs - atMs) * factor) / SECOND_MS) * SECOND_MS));
    atMs = toMs;
  }
}

function pathOf({ fromMs, toMs }: TimeRange, network: string | undefined, page: number): string {
  const time = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
  const query = new URLSearchParams({ from: time(fromMs), to: time(toMs), page: String(page), per_page: String(PER_PAGE) });
  if (network !== undefined) query.set("network_id", network);
  return `api/v1/flows?${query}`;
}

/** What may pass is waited for. */
async function patiently<T>(work: () => Promise<T>, { onWait }: RestOptions, signal: AbortSignal): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NetmakerError) || tried === TRIES || !mayPass(error)) throw error;
      const asked = error.data.code === "NETMAKER_STATUS" ? (error.data.retryAfterMs ?? 0) : 0;
      const waitMs = Math.min(MAX_PAUSE_MS, Math.max(asked, 1000 * 2 ** (tried - 1)));
      onWait?.(error.message, waitMs);
      await sleep(waitMs, undefined, { signal });
    }
  }
}

function mayPass({ data }: NetmakerError): boolean {
  if (data.code === "NETMAKER_NETWORK") return true;
  return data.code === "NETMAKER_STATUS" && (data.status === 429 || data.status >= 500);
}
