/**
 * A server that keeps nothing and tells everything: each upload as one JSON line on stdout. Commands on stdin, one JSON object a line:
 * `{"status":503}` answers uploads with that status from now on (200: takes them), `{"config":{…}}` is what agents are told.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { zstdDecompressSync } from "node:zlib";
import { decodeBatch, type JsonRow, rowToJson } from "@flowtrail/model";

export interface RecordedUpload {
  readonly type: "upload";
  readonly id: string;
  readonly node: string | null;
  readonly authorization: string | null;
  readonly metadata: {
    readonly covered_from: number;
    readonly covered_to: number;
    readonly addresses: Readonly<Record<string, string[]>>;
    readonly drops: Readonly<Record<string, number>>;
    readonly gauges: Readonly<Record<string, number>>;
  };
  readonly rows: readonly JsonRow[];
}

let status = 200;
let config: unknown = null;

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  if (request.url === "/agent/v1/config") {
    const body = JSON.stringify(config);
    const etag = `"${Buffer.from(body).toString("base64url").slice(-40)}"`;
    if (config === null) response.writeHead(404).end();
    else if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
    else response.writeHead(200, { etag }).end(body);
    return;
  }
  if (status !== 200) {
    response.writeHead(status).end();
    return;
  }
  const { batch, metadata } = decodeBatch(zstdDecompressSync(Buffer.concat(chunks)), { maxRows: 1_000_000 });
  const rows = Array.from({ length: batch.length }, (_, row) => rowToJson(batch, row));
  const { headers } = request;
  say({
    type: "upload",
    id: headers["flowtrail-batch"],
    node: headers["flowtrail-node"] ?? null,
    authorization: headers.authorization ?? null,
    metadata,
    rows,
  });
  response.writeHead(200).end(JSON.stringify({ accepted: rows.length, duplicate: 0, rejected: [] }));
}

const server = createServer((request, response) => {
  receive(request, response).catch((error: unknown) => {
    say({ type: "failed", message: String(error) });
    response.writeHead(500).end();
  });
}).listen(Number(process.argv[2] ?? 0), "127.0.0.1");
await once(server, "listening");
say({ type: "listening", port: (server.address() as AddressInfo).port });

for await (const line of createInterface(process.stdin)) {
  const command = JSON.parse(line) as { status?: number; config?: unknown };
  status = command.status ?? status;
  config = command.config ?? config;
  say({ type: "done" });
}
process.exit(0);
