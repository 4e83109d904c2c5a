/** An alert for tests, and servers that recipients are told by: real ones, on this machine. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Alert, AlertRule } from "@flowtrail/model";
import type { AlertEvent } from "../alerts/tell.ts";

const SINCE = "2026-11-23T06:00:00.000Z";

export function alertOf(change: Partial<Alert> = {}): Alert {
  return {
    id: "a1",
    rule: "port-scan",
    rule_name: "Port scan",
    severity: "high",
    state: "open",
    summary: "officegw tried 412 ports on 10.20.0.5 in 40 s; 3 answered",
    labels: { "src.name": "officegw", "dst.ip": "10.20.0.5" },
    value: 412,
    limit: 100,
    mitre: ["T1046"],
    since: SINCE,
    last: SINCE,
    until: null,
    ended: null,
    by: null,
    note: null,
    q: "src.name = officegw",
    from: "2026-11-23T05:55:00.000Z",
    to: SINCE,
    ...change,
  };
}

export function eventOf(kind: AlertEvent["kind"], change: Partial<Alert> = {}, recipients: readonly string[] = []): AlertEvent {
  const alert = alertOf({ ...(kind === "resolved" && { ended: "2026-11-23T06:10:00.000Z", state: "resolved" }), ...change });
  const rule = { id: alert.rule, name: alert.rule_name, explanation: "Somebody looks which ports are open.", recipients };
  return { kind, alert, rule: rule as unknown as AlertRule };
}

export interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly seen: Seen[];
  /** What it does with what comes now; left out: 200. */
  answer: (seen: Seen, response: ServerResponse) => void;
  close(): void;
}

/** A system that is posted to. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    const seen = { path: request.url ?? "", headers: request.headers, body: await text(request) };
    receiver.seen.push(seen);
    receiver.answer(seen, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    answer: (_seen, response) => void response.end("ok"),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return receiver;
}
