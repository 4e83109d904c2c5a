/** Lines of the audit log, as the API tells them, in words. */
import { formatBytes, formatCount } from "./units.ts";

export interface AuditLine {
  readonly id: string;
  /** RFC 3339; when it was done the last time: `last`, of `count` times. */
  readonly time: string;
  readonly last: string;
  readonly count: number;
  readonly who: {
    readonly kind: "session" | "api" | "agent" | "anybody" | "nobody" | "server";
    readonly id: string;
    readonly name: string;
    readonly role: string;
    readonly account: string;
  };
  readonly address: string;
  readonly action: string;
  readonly target: string;
  readonly details: Readonly<Record<string, unknown>>;
  /** Of HTTP; null: it was not waited for, or it is not known what became of it. */
  readonly status: number | null;
  readonly server: string;
  readonly request: string;
}

const NAMELESS: Readonly<Record<AuditLine["who"]["kind"], string>> = {
  session: "somebody",
  api: "a program",
  agent: "an agent",
  anybody: "anybody",
  nobody: "somebody unknown",
  server: "the server",
};

/** Who did it: `alice`, `command line (token)`, `somebody unknown`. */
export function auditWho({ who }: Pick<AuditLine, "who">): string {
  if (who.name === "" || who.kind === "anybody") return NAMELESS[who.kind];
  if (who.kind === "api") return `${who.name} (token)`;
  return who.kind === "agent" ? `${who.name} (agent)` : who.name;
}

/** What became different of a setting. */
export interface AuditChange {
  readonly name: string;
  readonly id: string;
  readonly what: string;
}

type Words = (line: AuditLine) => string;
const of =
  (verb: string): Words =>
  ({ target }) =>
    `${verb}${target === "" ? "" : ` ${target}`}`;

/** What would be done was asked, and nothing was done. */
const PREVIEW = "preview.";
const ERASE = "people.erase";

const WORDS: Readonly<Record<string, Words>> = {
  "signin.ok": () => "signed in",
  "signin.failed": ({ target }) => `failed to sign in${target.startsWith("POST ") || target === "" ? "" : ` as ${target}`}`,
  signout: () => "signed out",
  "signout.everywhere": () => "signed out everywhere",
  "session.end": () => "ended a session",
  "access.refused": of("was refused"),
  "token.create": of("made a token for"),
  "token.revoke": of("took back the token"),
  "token.enrol": of("made an enrolment token for"),
  "token.rotate": of("had the token changed of"),
  "agent.enrol": of("got a token for the agent of"),
  "agent.renew": of("got another token for the agent of"),
  "backup.create": of("began a backup"),
  "settings.capture.change": () => "set what agents record",
  "settings.retention.change": () => "set how long what is kept",
  "account.create": of("made the"),
  "account.change": changedAccount,
  "account.password": ({ status }) => `${(status ?? 0) >= 400 ? "tried to change" : "changed"} the own password`,
  "alert.acknowledge": of("acknowledged the alert"),
  "alert.silence": of("silenced the alert"),
  "alert.reopen": of("opened the alert again"),
  "alert_rule.change": of("set the alert rule"),
  "alert_rule.delete": of("deleted (or took back to how it came) the alert rule"),
  "alert_rule.import": () => "took alert rules from a file",
  "policy.change": of("set the policy"),
  "policy.delete": of("deleted the policy"),
  "policy.import": () => "took policies from a file",
  "alert.unsilence": () => "ended a silence of alerts",
  "recipient.change": of("set the recipient"),
  "recipient.delete": of("deleted the recipient"),
  "recipient.test": of("tested the recipient"),
  "recipient.retry": of("had told again what was not delivered:"),
  "recipient.drop": of("dropped what was not delivered:"),
  "sink.change": of("set the sink"),
  "sink.delete": of("deleted the sink"),
  "sink.test": of("tested the sink"),
  "sink.pause": of("paused the sink"),
  "sink.resume": of("let go on the sink"),
  "sink.backfill": of("began a backfill of the sink"),
  "sink.backfill.cancel": of("ended a backfill of the sink"),
  "sink.parked.retry": of("had sent again what was parked of the sink"),
  "sink.parked.drop": of("dropped what was parked of the sink"),
  "hold.create": (line) => `set a legal hold${reasonOf(line)}`,
  "hold.release": of("released the legal hold"),
  "export.flows": (line) => exported(line, "flow"),
  "export.audit": (line) => exported(line, "entry", "entries", "of the audit log "),
  "audit.read": () => "read the audit log",
  "audit.lost": ({ details }) => `lost ${formatCount(Number(details.entries ?? 0))} entries of this log while the store was away`,
  search: searched,
  [ERASE]: ({ target, action }) =>
    `${action.startsWith(PREVIEW) ? "looked what there is of" : "had the records deleted of"} ${target}`,
  "people.erased": ({ target, details }) =>
    `deleted ${formatCount(Number(reportOf(details).deleted_rows ?? 0))} records of ${target}`,
  reveal: of("revealed who is"),
  "sample.switch": ({ details }) => `switched sample traffic ${bodyOf(details).on === true ? "on" : "off"}`,
  "sample.seed": () => "made sample rows",
  "system.local_agent": () => "told of the agent beside the server",
  "import.netmaker": () => "imported rows of Netmaker's flow log",
  "inventory.replay": () => "had flows named again",
  "inventory.retire": of("ended the inventory source"),
};

/** What was done, without who did it: `exported 12,403 flows as CSV`. */
export function auditWords(line: AuditLine, changeWords: (change: AuditChange) => string = wordsOf): string {
  const isPreview = line.action.startsWith(PREVIEW);
  const action = isPreview ? line.action.slice(PREVIEW.length) : line.action;
  const changes = action.startsWith("hold.") ? [] : changesOf(line);
  const words =
    changes.length > 0
      ? `set ${changes.map(changeWords).join("; ")}`
      : (WORDS[action]?.(line) ?? `${action}${line.target === "" ? "" : ` ${line.target}`}`);
  const dry = isPreview && action !== ERASE ? " (only to see what would happen)" : "";
  const times = line.count > 1 ? `, ${formatCount(line.count)} times` : "";
  return `${words}${dry}${times}${outcome(line)}`;
}

/** A whole sentence, without the time. */
export const auditSentence = (line: AuditLine): string => `${auditWho(line)} ${auditWords(line)}`;

function outcome({ status, action }: AuditLine): string {
  if (status === null || status < 400 || action === "signin.failed" || action === "access.refused") return "";
  return status === 503 ? ", which was not possible then" : `, which was refused (${status})`;
}

function wordsOf({ name, what }: AuditChange): string {
  return name === "retention" ? `retention: ${what}` : what;
}

function exported({ target, details, status }: AuditLine, one: string, many = `${one}s`, whose = ""): string {
  const { rows, bytes, complete, asked } = details as {
    rows?: number;
    bytes?: number;
    complete?: boolean;
    asked?: { q?: unknown };
  };
  const format = target === "" ? "" : ` as ${target === "parquet" ? "Parquet" : target.toUpperCase()}`;
  const which = typeof asked?.q === "string" && asked.q !== "" ? ` (${asked.q})` : "";
  if (rows === undefined)
    return `${status === null ? "began to export" : "exported"} ${whose === "" ? many : whose.trim()}${which}${format}`;
  const size = bytes === undefined ? "" : `, ${formatBytes(bytes)}`;
  const what = `${formatCount(rows)} ${rows === 1 ? one : many} ${whose}`.trim();
  return `exported ${what}${which}${format}${size}${complete === false ? ", broken off" : ""}`;
}

function searched({ target, details }: AuditLine): string {
  const { asked } = details as { asked?: Readonly<Record<string, unknown>> };
  const { q, from, to, ...others } = asked ?? {};
  const what = q === undefined ? target : String(q);
  const more = Object.entries(others).map(([name, value]) => `${name}=${String(value)}`);
  const when = from === undefined ? "" : ` (${String(from)} to ${String(to ?? "now")})`;
  const all = [what, ...more].filter((part) => part !== "").join(" ");
  return `looked at ${all === "" ? "all flows" : all}${when}`;
}

/** What of it, where that is known. */
function changedAccount({ target, details }: AuditLine): string {
  const { reset, disabled, role, password } = bodyOf(details);
  if (reset === true) return `made a new sign-in link for the ${target}, whose password is gone`;
  if (disabled === true) return `disabled the ${target}`;
  if (disabled === false) return `enabled the ${target}`;
  if (typeof role === "string") return `gave the role ${role} to the ${target}`;
  return `changed ${password === undefined ? "" : "the password of "}the ${target}`;
}

const bodyOf = (details: AuditLine["details"]) => (details.body ?? {}) as Readonly<Record<string, unknown>>;
const reportOf = (details: AuditLine["details"]) => (details.report ?? {}) as Readonly<Record<string, unknown>>;
const changesOf = ({ details }: AuditLine) => (Array.isArray(details.changes) ? (details.changes as AuditChange[]) : []);

function reasonOf({ details }: AuditLine): string {
  const { reason } = bodyOf(details);
  return typeof reason === "string" ? `: ${reason}` : "";
}

/** The address of the search itself, for the page: its parameters. Null: it is none. */
export function auditSearch({ action, details }: Pick<AuditLine, "action" | "details">): Readonly<Record<string, string>> | null {
  const asked = (action === "search" ? details.asked : null) as Readonly<Record<string, unknown>> | null;
  if (asked === null || asked === undefined) return null;
  const known = ["q", "from", "to", "network"].flatMap((name) =>
    typeof asked[name] === "string" ? [[name, asked[name] as string]] : [],
  );
  return known.length === 0 ? null : Object.fromEntries(known);
}
