/** Rows as a server stores them, for as long as somebody looks: a lost connection is made again, and what was missed meanwhile is asked for. */
import { setTimeout as sleep } from "node:timers/promises";
import { CliError } from "../errors.ts";
import { linesOf, open, pageRows, pathOf, type Query } from "./api.ts";
import type { ChosenServer } from "./choose-server.ts";
import { eventsOf } from "./event-stream.ts";

export interface FollowListener {
  /** The stream is open: rows that are stored from now on come. */
  opened(): void;
  /** A row as the server sent it. No more comes until it is done. */
  row(line: string): void | Promise<void>;
  /** This follower was too slow for so many rows. */
  dropped(count: number): void;
  lost(reason: string, againMs: number): void;
  /** It is there again, and what was missed was asked for. */
  back(awayMs: number): void;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly random?: () => number;
  /** Told rows that are silent for longer are gone: the server says something every 15 s. */
  readonly silenceMs?: number;
}

const FIRST_WAIT_MS = 1000;
const MOST_WAIT_MS = 30_000;
const SILENCE_MS = 45_000;
/** Rows are stored a moment after they were told by a node, and clocks differ. */
const OVERLAP_MS = 30_000;

/**
 * Returns when it is told to stop.
 * @param query as of `GET /api/flows`, without times
 * @throws CliError SERVER_REFUSED where asking again would not help; SERVER_UNREACHABLE if it was never reached
 */
export async function follow(
  server: ChosenServer,
  query: Query,
  listener: FollowListener,
  options: FollowOptions,
): Promise<void> {
  const { signal, random = Math.random, silenceMs = SILENCE_MS } = options;
  let lastId: string | null = null;
  let lostAt: number | null = null;
  let aliveAt = Date.now();
  let isFirst = true;
  let leastWaitMs = FIRST_WAIT_MS;
  for (let tries = 0; !signal.aborted; ) {
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    let reason = "the server closed the stream";
    let isBusy = false;
    const row = async (line: string) => {
      // While nothing is read, nothing is heard.
      isBusy = true;
      await listener.row(line);
      aliveAt = Date.now();
      isBusy = false;
    };
    const watch = setInterval(() => !isBusy && Date.now() - aliveAt > silenceMs && stop.abort(), 1000);
    try {
      const headers: Record<string, string> = lastId === null ? {} : { "last-event-id": lastId };
      aliveAt = Date.now();
      const body = await open(server, pathOf("/api/flows/live", query), { accept: "text/event-stream", headers, signal: either });
      tries = 0;
      if (isFirst) listener.opened();
      else if (lostAt !== null) await fillGap(server, query, row, { fromMs: lostAt - OVERLAP_MS, signal: either });
      if (lostAt !== null) listener.back(Date.now() - lostAt);
      lostAt = null;
      isFirst = false;
      for await (const { type, data, id, retryMs } of eventsOf(stillAlive(linesOf(body), () => (aliveAt = Date.now())))) {
        if (retryMs !== null) leastWaitMs = Math.max(100, Math.min(retryMs, MOST_WAIT_MS));
        if (id !== null) lastId = id;
        if (data === "") continue;
        if (type === "dropped") listener.dropped((JSON.parse(data) as { dropped: number }).dropped);
        else if (type === "message") await row(data);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFirst || isFinal(error)) throw error;
      reason = stop.signal.aborted ? `nothing was heard for ${Math.round(silenceMs / 1000)} s` : reasonOf(error);
    } finally {
      clearInterval(watch);
      stop.abort();
    }
    if (signal.aborted) return;
    lostAt ??= Date.now();
    const waitMs = Math.min(MOST_WAIT_MS, leastWaitMs * 2 ** tries) * (0.5 + random() / 2);
    if (tries++ === 0) listener.lost(reason, waitMs);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

async function* stillAlive(lines: AsyncIterable<string>, heard: () => void): AsyncGenerator<string> {
  for await (const line of lines) {
    heard();
    yield line;
  }
}

/** A server that was started again does not know what this follower had. Rows that were told before come again: whoever listens knows them. */
async function fillGap(
  server: ChosenServer,
  query: Query,
  row: (line: string) => Promise<void>,
  { fromMs, signal }: { fromMs: number; signal: AbortSignal },
): Promise<void> {
  const asked: Query = { ...query, from: new Date(fromMs).toISOString(), to: "+1m", order: "asc", limit: "1000" };
  let cursor: string | undefined;
  do {
    const rows = pageRows(server, { ...asked, ...(cursor === undefined ? {} : { cursor }) }, signal);
    let part = await rows.next();
    for (; !part.done; part = await rows.next()) await row(part.value);
    cursor = part.value.next ?? undefined;
  } while (cursor !== undefined);
}

/** Refused for what it asks or who it is; too many at once, and a server that is in trouble, may pass. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof CliError && error.data.code === "SERVER_REFUSED" && error.data.status < 500 && error.data.status !== 429
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof CliError ? error.message : "the connection was lost";
}
