/** Entries of the audit log as the API tells them, and its cursors. */
import type { z } from "zod";
import type { AuditEntry } from "../audit/entry.ts";
import type { AuditCursor } from "../store/audit-table.ts";
import type { auditEntrySchema } from "./audit-schemas.ts";
import { csvValue } from "./csv-value.ts";
import { badRequest } from "./errors.ts";

type EntryJson = z.infer<typeof auditEntrySchema>;

const iso = (ms: number) => new Date(ms).toISOString();

export function entryJson({ id, timeMs, lastMs, count, who, details, ...entry }: AuditEntry): EntryJson {
  const { address, action, target, status, server, request } = entry;
  const parsed = details === "" ? {} : (JSON.parse(details) as Record<string, unknown>);
  return {
    id,
    time: iso(timeMs),
    last: iso(lastMs),
    count,
    who,
    address,
    action,
    target,
    details: parsed,
    status,
    server,
    request,
  };
}

export const cursorText = ({ timeMs, id }: AuditCursor) => `${timeMs}.${id}`;

/** @throws RouteError BAD_REQUEST */
export function cursorOf(text: string): AuditCursor {
  const [, timeMs, id] = /^(\d{1,15})\.([\w-]{1,64})$/.exec(text) ?? [];
  if (id === undefined) throw badRequest("cursor: expected `next` of the page before");
  return { timeMs: Number(timeMs), id };
}

const COLUMNS = [
  "time",
  "last",
  "count",
  "who_kind",
  "who",
  "who_id",
  "role",
  "account",
  "address",
  "action",
  "target",
  "status",
  "details",
  "server",
  "request",
  "id",
] as const;

export const CSV_HEAD = `${COLUMNS.join(",")}\r\n`;

export function csvLine(entry: AuditEntry): string {
  const { who, details, ...json } = entryJson(entry);
  const values: Record<(typeof COLUMNS)[number], string | number | null> = {
    ...json,
    who_kind: who.kind,
    who: who.name,
    who_id: who.id,
    role: who.role,
    account: who.account,
    details: JSON.stringify(details),
  };
  return `${COLUMNS.map((column) => csvValue(values[column])).join(",")}\r\n`;
}
