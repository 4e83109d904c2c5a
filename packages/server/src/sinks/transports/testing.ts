/** What a transport needs, for tests. */
import { pino } from "pino";
import { formatOf } from "../formats/registry.ts";
import type { Format, Transport, TransportDeps, TransportKind } from "../ports.ts";

export const NEVER = new AbortController().signal;

export function made<C>(kind: TransportKind<C>, config: C, change: Partial<TransportDeps> = {}): Transport {
  return kind.make(config, {
    format: formatOf(kind.formats[0] ?? "") as Format,
    secrets: {},
    sink: "test",
    dataDir: "/nonexistent",
    allowLinkLocal: false,
    version: "0",
    now: Date.now,
    logger: pino({ level: "silent" }),
    ...change,
  });
}
