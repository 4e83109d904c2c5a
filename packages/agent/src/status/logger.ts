/** Logs go to stderr: JSON lines, or readable ones where a person is looking. */
import { type DestinationStream, type Logger, pino } from "pino";

/** What stages need of a logger. */
export type AgentLogger = Pick<Logger, "debug" | "info" | "warn" | "error">;

const LABELS: Readonly<Record<number, string>> = { 10: "trace", 20: "debug", 30: "info ", 40: "warn ", 50: "error", 60: "fatal" };

/** `readable`: one line of text per message instead of JSON. */
export function makeLogger(level: string, readable: boolean): Logger {
  const stderr = pino.destination({ dest: 2, sync: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, readable ? readableStream(stderr) : stderr);
}

function readableStream(out: { write(text: string): unknown }): DestinationStream {
  return {
    write(line: string) {
      const { level, time, msg, ...rest } = JSON.parse(line) as { level: number; time: string; msg?: string };
      const details = Object.keys(rest).length === 0 ? "" : ` ${JSON.stringify(rest)}`;
      out.write(`${time.slice(11, 23)} ${LABELS[level] ?? level} ${msg ?? ""}${details}\n`);
    },
  };
}
