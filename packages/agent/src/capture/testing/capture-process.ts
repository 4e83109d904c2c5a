/**
 * Runs the capture in the network namespace that it is started in and says what it sees, one JSON object a line. For tests and for trying out:
 * `ip netns exec NS node capture-process.ts '{"sysctlStatePath":"/tmp/s.json","tracking":true}'`. Commands on stdin, one a line:
 * `dump`, `stats`, `refresh N` (the N-th event's entry), `refresh-other N` (the same tuple with another id), `block MS` (occupies the thread), `clock MS` (the
 * wall clock jumps), `gc`, `stop`.
 */
import { createInterface } from "node:readline";
import { type CaptureConfig, ConntrackCapture } from "../capture.ts";
import { ConntrackRecord } from "../conntrack/record.ts";
import { CaptureError } from "../errors.ts";
import type { ConntrackListener } from "../source.ts";

const say = (what: object): void => {
  process.stdout.write(`${JSON.stringify(what)}\n`);
};

function plain(record: ConntrackRecord): object {
  return { ...record, words: [...record.words] };
}

function copy(record: ConntrackRecord): ConntrackRecord {
  const { words, ...rest } = record;
  const result = Object.assign(new ConntrackRecord(), rest);
  result.words.set(words);
  return result;
}

const seen: ConntrackRecord[] = [];
const listener: ConntrackListener = {
  onEvent(record, arrivalMs) {
    seen.push(copy(record));
    say({ type: "event", arrivalMs, record: plain(record) });
  },
  onDumpStart: (arrivalMs) => say({ type: "dump-start", arrivalMs }),
  onDumpEntry: (record, arrivalMs) => say({ type: "dump-entry", arrivalMs, record: plain(record) }),
  onDumpEnd: (complete, arrivalMs) => say({ type: "dump-end", complete, arrivalMs }),
  onOverrun: (arrivalMs) => say({ type: "overrun", arrivalMs }),
  onDrained: (arrivalMs) => say({ type: "drained", arrivalMs }),
};

const config: CaptureConfig = JSON.parse(process.argv[2] ?? "{}");
let jumpedMs = 0;
const capture = new ConntrackCapture(config, () => Date.now() + jumpedMs);

async function command(line: string): Promise<void> {
  const [verb, argument] = line.split(" ");
  if (verb === "dump") await capture.dump();
  else if (verb === "refresh" || verb === "refresh-other") {
    const record = copy(seen[Number(argument)]!);
    if (verb === "refresh-other") record.id ^= 1;
    say({ type: "refreshed", found: capture.refresh(record), record: plain(record) });
  } else if (verb === "block") {
    const until = Date.now() + Number(argument);
    say({ type: "blocked" });
    while (Date.now() < until);
  } else if (verb === "clock") {
    jumpedMs = Number(argument);
    say({ type: "jumped" });
  } else if (verb === "gc") {
    globalThis.gc!();
    say({ type: "collected" });
  } else if (verb === "stats") say({ type: "stats", stats: capture.stats });
  else if (verb === "stop") {
    await capture.stop();
    say({ type: "stopped", stats: capture.stats, restored: capture.restored });
    process.exit(0);
  }
}

try {
  await capture.start(listener);
  say({ type: "started", table: capture.tableName, findings: capture.findings });
  for await (const line of createInterface(process.stdin)) await command(line);
} catch (error) {
  if (!(error instanceof CaptureError)) throw error;
  say({ type: "error", code: error.code, message: error.message });
  process.exit(1);
}
