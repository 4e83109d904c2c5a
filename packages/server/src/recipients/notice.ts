/** One thing that one recipient is to be told: kept until it was told, or given up by a person. */
import { createHash } from "node:crypto";
import type { Alert, AlertSeverity } from "@flowtrail/model";
import type { AlertEvent } from "../alerts/tell.ts";

/** Of an event what a message may need: the rule's texts are those of that moment. */
export interface ToldEvent {
  readonly kind: AlertEvent["kind"];
  readonly alert: Alert;
  readonly explanation: string;
}

/** `waiting`: it is tried, again and again. `parked`: given up, until a person has it tried again or drops it. */
export type NoticeState = "waiting" | "sent" | "parked" | "dropped";

export interface Notice {
  readonly recipient: string;
  /** The same for the same event, however often it is told: whoever gets it twice can see that. */
  readonly id: string;
  readonly version: number;
  /** Grows: in this order they are told. */
  readonly place: number;
  readonly createdMs: number;
  readonly state: NoticeState;
  readonly attempts: number;
  /** When it was tried first; null: never. */
  readonly triedMs: number | null;
  /** Not tried before. */
  readonly nextMs: number;
  /** What went wrong last, and when. */
  readonly error: string;
  readonly failedMs: number | null;
  readonly event: ToldEvent;
}

const STAMP: Readonly<Record<AlertEvent["kind"], (alert: Alert) => string>> = {
  opened: ({ since }) => since,
  resolved: ({ ended }) => ended ?? "",
  reopened: ({ last }) => last,
  escalated: ({ last }) => last,
  acknowledged: ({ last }) => last,
};

export function newNotice(recipient: string, { kind, alert, rule }: AlertEvent, place: number, nowMs: number): Notice {
  return {
    recipient,
    id: idOf(recipient, alert.id, kind, STAMP[kind](alert)),
    version: 1,
    place,
    createdMs: nowMs,
    state: "waiting",
    attempts: 0,
    triedMs: null,
    nextMs: nowMs,
    error: "",
    failedMs: null,
    event: { kind, alert, explanation: rule.explanation },
  };
}

/** Of several notices that are told as one. */
export function idOfAll(notices: readonly Pick<Notice, "id">[]): string {
  const [first] = notices;
  return notices.length === 1 && first !== undefined ? first.id : idOf(...notices.map(({ id }) => id));
}

function idOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url").slice(0, 24);
}

export const severityOf = ({ event }: Pick<Notice, "event">): AlertSeverity => event.alert.severity;
