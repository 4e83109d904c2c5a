/** The API of the settings. All of them throw ApiError. */
import type { LegalHold, RetentionPolicy, StoreReport } from "@flowtrail/model";
import { call } from "./api.ts";
import type { CaptureChange, CaptureReport, CaptureSet, NewHold } from "./types-settings.ts";

const CAPTURE = "/api/settings/capture";
const RETENTION = "/api/settings/retention";

export function fetchCapture(signal?: AbortSignal): Promise<CaptureReport> {
  return call("GET", CAPTURE, undefined, signal);
}

/** @param dryRun nothing is set, the answer says what would become different */
export function setCapture(change: CaptureChange, dryRun: boolean): Promise<CaptureSet> {
  return call("PUT", `${CAPTURE}?dry_run=${dryRun}`, change);
}

export type RetentionChange = { readonly [K in keyof RetentionPolicy]?: RetentionPolicy[K] | null };

export function fetchRetention(signal?: AbortSignal): Promise<StoreReport> {
  return call("GET", RETENTION, undefined, signal);
}

export function setRetention(change: RetentionChange, dryRun: boolean): Promise<StoreReport> {
  return call("PUT", `${RETENTION}?dry_run=${dryRun}`, change);
}

/** What the hold would keep. */
export function previewHold(hold: NewHold): Promise<LegalHold> {
  return call("POST", `${RETENTION}/holds?dry_run=true`, hold);
}

export function addHold(hold: NewHold): Promise<LegalHold> {
  return call("POST", `${RETENTION}/holds`, hold);
}

/** What would be deleted without the hold. */
export function previewRelease(id: string): Promise<StoreReport> {
  return call("POST", `${RETENTION}/holds/${encodeURIComponent(id)}/release?dry_run=true`, {});
}

export function releaseHold(id: string): Promise<LegalHold> {
  return call("POST", `${RETENTION}/holds/${encodeURIComponent(id)}/release`, {});
}

/** How many entities that this source told of are in force. */
export async function fetchToldBy(source: string, signal?: AbortSignal): Promise<number> {
  return (await call<{ total: number }>("GET", `/api/inventory?source=${source}&limit=1`, undefined, signal)).total;
}

export function retireSource(source: string): Promise<{ readonly entities: number }> {
  return call("POST", `/api/inventory/sources/${source}/retire`, {});
}
