/** Hands rows over to a Flowtrail server: waits while it is away, and cuts what is too large for it. */
import { setTimeout as sleep } from "node:timers/promises";
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { CliError } from "../errors.ts";
import { type LocalServer, messageOf } from "../local-server.ts";

export interface ImportAnswer {
  readonly stored: number;
  readonly unfinished: number;
  readonly already: number;
  readonly joined: number;
  readonly rejected: readonly { readonly row: number; readonly code: string; readonly message: string }[];
}

export interface SendOptions {
  readonly dryRun: boolean;
  readonly onWait: (reason: string, ms: number) => void;
  readonly signal: AbortSignal;
}

const TRIES = 8;
const MAX_WAIT_MS = 60_000;
/** Of rows that may pass in two parts. */
const TOO_MUCH = new Set(["TOO_LARGE", "BATCH_TOO_MANY_DAYS", "BATCH_TOO_MANY_PIECES"]);

/** @throws CliError */
export async function sendRows(
  server: Pick<LocalServer, "url" | "token">,
  rows: readonly unknown[],
  options: SendOptions,
): Promise<ImportAnswer> {
  for (let tried = 1; ; tried++) {
    const answer = await post(server, rows, options);
    if (answer.ok) return JSON.parse(answer.text) as ImportAnswer;
    const code = codeOf(answer.text);
    if (TOO_MUCH.has(code) && rows.length > 1) return halves(server, rows, options);
    const mayPass = answer.status === 0 || answer.status === 429 || answer.status >= 502;
    if (!mayPass || tried === TRIES)
      throw new CliError(
        { code: "SERVER_REFUSED", url: server.url, status: answer.status },
        `${server.url}: ${answer.status || "no answer"} ${messageOf(answer.text)}`,
      );
    const waitMs = Math.min(MAX_WAIT_MS, Math.max(answer.retryAfterMs, 500 * 2 ** (tried - 1)));
    options.onWait(`${server.url}: ${messageOf(answer.text)}`, waitMs);
    await sleep(waitMs, undefined, { signal: options.signal });
  }
}

async function halves(
  server: Pick<LocalServer, "url" | "token">,
  rows: readonly unknown[],
  options: SendOptions,
): Promise<ImportAnswer> {
  const half = Math.ceil(rows.length / 2);
  const first = await sendRows(server, rows.slice(0, half), options);
  const second = await sendRows(server, rows.slice(half), options);
  const sum = (name: "stored" | "unfinished" | "already" | "joined") => first[name] + second[name];
  return {
    stored: sum("stored"),
    unfinished: sum("unfinished"),
    already: sum("already"),
    joined: sum("joined"),
    rejected: [...first.rejected, ...second.rejected.map((one) => ({ ...one, row: one.row + half }))],
  };
}

interface Posted {
  readonly ok: boolean;
  /** 0: no answer. */
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

async function post(
  { url, token }: Pick<LocalServer, "url" | "token">,
  rows: readonly unknown[],
  { dryRun, signal }: SendOptions,
): Promise<Posted> {
  try {
    const response = await fetch(new URL(`/api/import/netmaker?dry_run=${dryRun}`, url), {
      method: "POST",
      headers: { "content-type": NDJSON_CONTENT_TYPE, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      body: rows.map((row) => JSON.stringify(row)).join("\n"),
      signal,
    });
    const retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1000;
    return { ok: response.ok, status: response.status, text: await response.text(), retryAfterMs };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const inner = (cause as Error).cause;
    return { ok: false, status: 0, text: inner instanceof Error ? inner.message : String(cause), retryAfterMs: 0 };
  }
}

function codeOf(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code ?? "";
  } catch {
    return "";
  }
}
