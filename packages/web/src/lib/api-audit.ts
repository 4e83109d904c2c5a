/** The audit log. */
import type { AuditLine } from "@flowtrail/model";
import { call } from "./api.ts";

export interface AuditPage {
  readonly entries: readonly AuditLine[];
  /** Cursor of the next page; null: there is none. */
  readonly next: string | null;
}

/** @throws ApiError */
export function fetchAudit(params: URLSearchParams, signal?: AbortSignal): Promise<AuditPage> {
  return call("GET", `/api/audit?${params}`, undefined, signal);
}

/** Where the same is as a file. */
export function auditFile(params: URLSearchParams): string {
  const asked = new URLSearchParams(params);
  asked.delete("limit");
  asked.delete("cursor");
  asked.set("format", "csv");
  return `/api/audit/export?${asked}`;
}
