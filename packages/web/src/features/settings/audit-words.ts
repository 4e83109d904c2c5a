/** The audit list in words. */
import type { AuditChange } from "@flowtrail/model";
import { KEPT_FIELDS } from "./retention-words.ts";

/** What is shown of it, and the actions that these are. */
export const AUDIT_KINDS = [
  { id: "all", label: "Everything", actions: "" },
  { id: "signin", label: "Sign-ins and refusals", actions: "signin,signout,session,access" },
  { id: "settings", label: "Settings and holds", actions: "settings,hold,sample,backup,inventory" },
  { id: "alerts", label: "Alerts, recipients, sinks", actions: "alert,alert_rule,policy,recipient,sink" },
  { id: "access", label: "Tokens and accounts", actions: "token,tokens,account,enrol,agent" },
  { id: "search", label: "Searches", actions: "search" },
  { id: "export", label: "Exports", actions: "export" },
  { id: "people", label: "Deleted and revealed people", actions: "people,reveal" },
] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number]["id"];

export const AUDIT_TIMES = [
  { id: "1d", label: "Last 24 hours" },
  { id: "7d", label: "Last 7 days" },
  { id: "30d", label: "Last 30 days" },
  { id: "400d", label: "Last 400 days" },
] as const;
export type AuditTime = (typeof AUDIT_TIMES)[number]["id"];

/** `flows_days 30 → 7` becomes `Flows 30 → 7 days`. */
export function changeText({ name, what }: Pick<AuditChange, "name" | "what">): string {
  if (name !== "retention") return what.replace(/^(network|node) /, "");
  return what
    .split(", ")
    .map((part) => {
      const field = KEPT_FIELDS.find((one) => part.startsWith(`${one.name} `));
      if (field === undefined) return part;
      return `${field.label}${part.slice(field.name.length)}${field.unit === undefined ? "" : ` ${field.unit}`}`;
    })
    .join(", ");
}

const KINDS: Readonly<Record<string, string>> = { api: "token", session: "signed in by", agent: "agent" };

/** `api command line of …` becomes `command line of … (token)`. */
export function whoText(who: string): string {
  const [, kind = "", name = ""] = /^(\w+) (.+)$/.exec(who) ?? [];
  const known = KINDS[kind];
  if (known === undefined) return who === "anybody" ? "anybody (nobody is asked for credentials)" : who;
  return kind === "session" ? `${known} ${name}` : `${name} (${known})`;
}

/** The question that a choice is. */
export function auditQuestion(kind: AuditKind, time: AuditTime, who: string): URLSearchParams {
  const actions = AUDIT_KINDS.find(({ id }) => id === kind)?.actions ?? "";
  return new URLSearchParams({
    from: `-${time}`,
    ...(actions !== "" && { action: actions }),
    ...(who.trim() !== "" && { who: who.trim() }),
  });
}
