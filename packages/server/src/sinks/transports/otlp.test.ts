import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { formatOf } from "../formats/registry.ts";
import { event } from "../formats/testing.ts";
import { decodeOtlp } from "../formats/testing-otlp.ts";
import type { Format, SendResult } from "../ports.ts";
import { OTLP_HTTP } from "./otlp.ts";
import { otlpConfig } from "./otlp-config.ts";
import { made, NEVER } from "./testing.ts";

let server: Server;
let url: string;
let answer: (response: ServerResponse) => void;
const seen: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    seen.push({ headers: request.headers, body: request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body });
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  seen.length = 0;
  answer = (response) => response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
});

async function send(
  events = [event(), event({ flow_id: "2", reporter: "b" })],
  format = "otlp",
  change = {},
): Promise<SendResult> {
  const config = otlpConfig.parse({ kind: "otlp", url, headers: { "x-scope": "a" }, auth: { kind: "bearer" }, ...change });
  const transport = made(OTLP_HTTP, config, { format: formatOf(format) as Format, secrets: { secret: "s3cret" } });
  await transport.open(NEVER);
  return transport.send(events, NEVER).finally(() => transport.close());
}
/** ExportLogsServiceResponse by its numbers. */
function partial(rejected: number, message: string): Uint8Array {
  const inner = new BinaryWriter().tag(1, WireType.Varint).int64(rejected).tag(2, WireType.LengthDelimited).string(message);
  return new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(inner.finish()).finish();
}

it("sends protobuf that others read, compressed, with its credentials", async () => {
  expect(await send()).toEqual({ kind: "taken" });
  expect(seen[0]?.headers).toMatchObject({
    "content-type": "application/x-protobuf",
    "content-encoding": "gzip",
    authorization: "Bearer s3cret",
    "x-scope": "a",
  });
  const records = decodeOtlp(seen[0]?.body ?? new Uint8Array());
  expect(records.map(({ resource }) => resource["host.name"])).toEqual(["inetgw", "b"]);
  expect(records[0]).toMatchObject({
    scope: "flowtrail",
    severity: 9,
    eventName: "flowtrail.flow.ended",
    timeNs: BigInt(Date.parse("2026-11-22T09:50:52.250Z")) * 1_000_000n,
    body: expect.stringMatching(/^ana@example.com on laptop connected to www.example.com/),
    attributes: { "source.address": "100.102.137.21", "destination.address": "www.example.com", "flowtrail.source.bytes": 2417n },
  });
});

it("sends JSON, too", async () => {
  answer = (response) => response.writeHead(200, { "content-type": "application/json" }).end('{"partialSuccess":{}}');
  expect(await send(undefined, "otlp-json", { gzip: false })).toEqual({ kind: "taken" });
  const [group] = JSON.parse(seen[0]?.body.toString() ?? "").resourceLogs;
  expect(group.scopeLogs[0].logRecords[0]).toMatchObject({ timeUnixNano: "1795341052250000000", severityNumber: 9 });
  answer = (response) => response.end('{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"bad"}}');
  expect(await send(undefined, "otlp-json")).toMatchObject({ kind: "taken", unnamed: { count: 1, message: "bad" } });
});

it("does not send again what was taken in part", async () => {
  answer = (response) => response.end(partial(1, "too old"));
  expect(await send()).toEqual({ kind: "taken", unnamed: { count: 1, reason: "rejected", message: "too old" } });
  answer = (response) => response.end(partial(2, "too old"));
  expect(await send()).toMatchObject({ kind: "partly", refused: [{ index: 0, message: "too old" }, { index: 1 }], again: [] });
  answer = (response) => response.end(partial(0, "a warning"));
  expect(await send()).toEqual({ kind: "taken" });
});

it.each<[number, Record<string, string>, object]>([
  [429, { "retry-after": "7" }, { kind: "not_now", reason: "http_429", retryAfterMs: 7000 }],
  [503, {}, { kind: "not_now", reason: "http_503", retryAfterMs: null }],
  [401, {}, { kind: "not_now", reason: "unauthorized" }],
  [404, {}, { kind: "not_now", reason: "http_404" }],
  [400, {}, { kind: "refused", reason: "http_400" }],
  [413, {}, { kind: "refused", reason: "http_413" }],
])("knows what %i means", async (status, headers, expected) => {
  answer = (response) => response.writeHead(status, headers).end("no");
  expect(await send()).toMatchObject(expected);
});

it("waits for an endpoint that is not there, and parks what it can't tell", async () => {
  expect(await send(undefined, "otlp", { url: "http://127.0.0.1:1/v1/logs" })).toMatchObject({
    kind: "not_now",
    reason: "unreachable",
  });
  expect(await send([event({ start: "never", end: null, last_seen: "never" })])).toMatchObject({
    kind: "refused",
    reason: "format",
  });
});
