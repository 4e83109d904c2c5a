/** How it goes with what recipients are told, as the API and the health page say it. */
import type { Recipients } from "./recipients.ts";

export interface NoticeStatus {
  readonly waiting: number;
  readonly parked: number;
  readonly last_sent: string | null;
  /** Stays when later ones are told. */
  readonly last_error: { readonly time: string; readonly message: string } | null;
}

export interface RecipientHealth extends NoticeStatus {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  /** What was sent last failed. */
  readonly failing: boolean;
}

interface Counted {
  readonly waiting: number;
  readonly parked: number;
  readonly sentMs: number | null;
  readonly failedMs: number | null;
  readonly error: string;
}

export function noticeStatus({
  waiting = 0,
  parked = 0,
  sentMs = null,
  failedMs = null,
  error = "",
}: Partial<Counted> = {}): NoticeStatus {
  return {
    waiting,
    parked,
    last_sent: iso(sentMs),
    last_error: failedMs === null ? null : { time: new Date(failedMs).toISOString(), message: error },
  };
}

/** @throws StoreError */
export async function recipientsHealth(recipients: Pick<Recipients, "report">): Promise<RecipientHealth[]> {
  return (await recipients.report()).map((report) => {
    const { id, name, kind, enabled, sentMs, failedMs } = report;
    return { id, name, kind, enabled, ...noticeStatus(report), failing: failedMs !== null && failedMs > (sentMs ?? 0) };
  });
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
