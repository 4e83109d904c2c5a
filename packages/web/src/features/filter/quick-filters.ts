/** Questions that people ask often, each one click. Volume classes are those of the spec: small, medium and large transfers. */
import { type Filter, parseFilter, printFilter } from "@flowtrail/model";
import { isAbout } from "../../lib/filter-edit-fields.ts";
import { editParts, partsOf, partsOfFilter } from "../../lib/filter-edit-parts.ts";

export interface QuickFilter {
  readonly label: string;
  readonly detail: string;
  readonly q: string;
  /** What the query says of this field already is replaced: one class of volume at a time. */
  readonly field: string;
}

export const QUICK_FILTERS: readonly QuickFilter[] = [
  { label: "Small", detail: "less than 1 KiB: control messages, DNS, health checks", q: "bytes<1KiB", field: "bytes" },
  { label: "Medium", detail: "1 to 100 KiB: web pages, API responses", q: "bytes>=1KiB and bytes<=100KiB", field: "bytes" },
  { label: "Large", detail: "more than 100 KiB: files, media, backups", q: "bytes>100KiB", field: "bytes" },
  { label: "Open now", detail: "connections that have not ended", q: "state=open", field: "state" },
  {
    label: "Denied or unanswered",
    detail: "denied, refused, or without an answer",
    q: "verdict in (denied, refused, unanswered)",
    field: "verdict",
  },
  { label: "External destinations", detail: "traffic that leaves the network", q: "dst.type=external", field: "dst.type" },
];

/** Is all of it part of the query? */
export function isOn(q: string, quick: QuickFilter): boolean {
  const said = new Set(partsOf(q).map(printFilter));
  return wantedBy(quick).every((part) => said.has(printFilter(part)));
}

/** With it, or without it if it is on. */
export function toggleQuick(q: string, quick: QuickFilter): string {
  const on = isOn(q, quick);
  return editParts(q, (parts) => [...parts.filter((part) => !isAbout(part, quick.field)), ...(on ? [] : wantedBy(quick))]);
}

function wantedBy({ q }: QuickFilter): readonly Filter[] {
  return partsOfFilter(parseFilter(q));
}
