/** Logs go to stderr: JSON lines, or readable ones where a person is looking. */
import { type Logger, pino } from "pino";

const LABELS: Readonly<Record<number, string>> = { 10: "trace", 20: "debug", 30: "info ", 40: "warn ", 50: "error", 60: "fatal" };
/** They never get that far, and if they do they are cut out. */
const SECRETS = ["req.headers.authorization", "req.headers.cookie", "headers.authorization", "headers.cookie"];

/** @param readable one line of text a message instead of JSON */
export function makeLogger(level: string, readable: boolean = process.stderr.isTTY): Logger {
  const stderr = pino.destination({ dest: 2, sync: true });
  const options = { level, redact: SECRETS, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino(options, readable ? { write: (line: string) => stderr.write(`${readableLine(line)}\n`) } : stderr);
}

/** `10:04:23.756 info  the server is up {"url":"…"}` */
export function readableLine(json: string): string {
  const { level, time, msg, ...rest } = JSON.parse(json) as { level: number; time: string; msg?: string };
  const details = Object.keys(rest).length === 0 ? "" : ` ${JSON.stringify(rest)}`;
  return `${time.slice(11, 23)} ${LABELS[level] ?? level} ${msg ?? ""}${details}`;
}
