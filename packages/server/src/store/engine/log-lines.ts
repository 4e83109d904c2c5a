/** ClickHouse's log, line by line, as it comes on the engine's stderr. */

export type EngineLine =
  | { readonly kind: "log"; readonly level: "debug" | "warn" | "error"; readonly source: string; readonly text: string }
  /** Not a log line: what the launcher itself says before it ends (no space, address in use…). */
  | { readonly kind: "output"; readonly text: string };

// 2026.11.22 09:55:49.801791 [ 7480 ] {query id} <Error> executeQuery: text
const LOG_LINE = /^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d+ \[ \d+ \] \{[^}]*\} <(\w+)> ([^:]+): (.*)$/;
const STACK_LINE = /^(\d+\. .* @ 0x[0-9a-f]+|\s*\(version [^)]*\)|\s*)$/;
/** They repeat what the client was told anyway, with the text of the query. */
const ANSWERED = new Set(["executeQuery", "DynamicQueryHandler"]);
/** Said at every start, of no use to anybody. */
const NOISE = /^BackgroundSchedulePool/;

/** Sorts one line; null for stack traces and for what is said elsewhere. */
export function parseEngineLine(line: string): EngineLine | null {
  const match = LOG_LINE.exec(line);
  if (match === null) return STACK_LINE.test(line) ? null : { kind: "output", text: line };
  const [, severity = "", source = "", text = ""] = match;
  if (ANSWERED.has(source)) return null;
  const serious = severity === "Error" || severity === "Critical" || severity === "Fatal";
  const level = NOISE.test(source) ? "debug" : serious ? "error" : "warn";
  return { kind: "log", level, source, text: text.replace(/, Stack trace \(when copying.*$/, "") };
}
