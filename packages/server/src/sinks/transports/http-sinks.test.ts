/** The transports over HTTP against a receiver that answers as the real ones do. */
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { memoryLogger } from "../../store/testing.ts";
import { ECS } from "../formats/ecs.ts";
import { FLOWTRAIL } from "../formats/flowtrail.ts";
import { event } from "../formats/testing.ts";
import type { Format, Transport } from "../ports.ts";
import { sinkSchema } from "../sink-config.ts";
import { TestReceiver } from "../testing.ts";
import { bulkResult } from "./elastic.ts";
import { transportKind } from "./registry.ts";

let receiver: TestReceiver;
beforeAll(async () => {
  receiver = await new TestReceiver().start();
});
afterAll(() => receiver.stop());
beforeEach(() => {
  receiver.got.length = 0;
  receiver.answer = () => ({ status: 200 });
});

const { signal } = new AbortController();
const two = [event({}, { id: "a-1-ended", version: "256" }), event({}, { id: "a-2-ended", version: "512" })];

function make(config: object, secrets: Record<string, string> = {}, format: Format = FLOWTRAIL): Transport {
  const { transport } = sinkSchema.parse({ name: "x", transport: { url: receiver.url, ...config } });
  const kind = transportKind(transport.kind);
  if (kind === null) throw new TypeError(transport.kind);
  const deps = { sink: "x", dataDir: "/nowhere", allowLinkLocal: false, version: "1", now: Date.now, logger: memoryLogger() };
  return kind.make(transport, { ...deps, format, secrets });
}

it("sends lines or an array, with who it is, over one connection", async () => {
  const lines = make({ kind: "http", auth: { kind: "header", header: "X-Key" }, headers: { "X-Org": "a" } }, { secret: "k" });
  expect(await lines.send(two, signal)).toEqual({ kind: "taken" });
  const [first] = receiver.got;
  expect(first?.headers).toMatchObject({ "x-key": "k", "x-org": "a", "content-encoding": "gzip" });
  expect(first?.headers["content-type"]).toBe("application/x-ndjson");
  expect(
    first?.body
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { event_id: string }).event_id),
  ).toEqual(["a-1-ended", "a-2-ended"]);
  const array = make(
    { kind: "http", body: "array", method: "PUT", gzip: false, auth: { kind: "basic", user: "u" } },
    { secret: "p" },
  );
  await array.send(two, signal);
  expect(JSON.parse(receiver.got[1]?.body ?? "")).toHaveLength(2);
  expect(receiver.got[1]?.headers.authorization).toBe("Basic dTpw");
  await Promise.all([lines.close(), array.close()]);
});

it("wants no password in an address: that is told", () => {
  for (const kind of ["http", "splunk", "elastic", "datadog", "otlp"])
    for (const who of ["user:hunter2", "user", ":hunter2"])
      expect(() => make({ kind, url: `http://${who}@127.0.0.1:9` }), kind).toThrow(/without a name and password/);
});

it("tells what may pass from what never will", async () => {
  const http = make({ kind: "http" });
  const answers: [number, object][] = [
    [400, { kind: "refused", reason: "http_400" }],
    [413, { kind: "refused" }],
    [401, { kind: "not_now", reason: "unauthorized" }],
    [404, { kind: "not_now", reason: "http_404" }],
    [429, { kind: "not_now", retryAfterMs: 3000 }],
    [503, { kind: "not_now", reason: "http_503" }],
  ];
  for (const [status, result] of answers) {
    receiver.answer = () => ({ status, headers: { "retry-after": "3" } });
    expect(await http.send(two, signal)).toMatchObject(result);
  }
  receiver.answer = () => ({ status: 200, torn: true });
  expect(await http.send(two, signal)).toMatchObject({ kind: "not_now", reason: "unreachable" });
  await http.close();
});

it("parks alone what a format can't tell, whatever becomes of the others", async () => {
  const broken: Format = {
    ...FLOWTRAIL,
    line: (one) => {
      if (one.id === "a-1-ended") throw new Error("no");
      return FLOWTRAIL.line(one);
    },
  };
  const http = make({ kind: "http" }, {}, broken);
  const unfit = { index: 0, reason: "format", message: "no" };
  expect(await http.send(two, signal)).toEqual({ kind: "partly", refused: [unfit], again: [], retryAfterMs: null });
  receiver.answer = () => ({ status: 503 });
  expect(await http.send(two, signal)).toEqual({ kind: "partly", refused: [unfit], again: [1], retryAfterMs: null });
  await http.close();
});

it("speaks to Splunk's event collector", async () => {
  const splunk = make({ kind: "splunk", index: "net" }, { token: "t-1" });
  expect(await splunk.send(two, signal)).toEqual({ kind: "taken" });
  const [got] = receiver.got;
  expect(got).toMatchObject({ path: "/services/collector/event", headers: { authorization: "Splunk t-1" } });
  const [first] = (got?.body ?? "").split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(first).toMatchObject({
    index: "net",
    sourcetype: "flowtrail:flow",
    time: expect.any(Number),
    fields: { event_id: "a-1-ended" },
    event: { event_id: "a-1-ended" },
  });
  // Splunk's own: 6 is invalid data, 7 an index that is not there.
  receiver.answer = () => ({ status: 400, body: '{"text":"Incorrect index","code":7,"invalid-event-number":0}' });
  expect(await splunk.send(two, signal)).toMatchObject({ kind: "not_now" });
  receiver.answer = () => ({ status: 400, body: '{"text":"Invalid data format","code":6,"invalid-event-number":1}' });
  expect(await splunk.send(two, signal)).toMatchObject({ kind: "refused" });
  await splunk.close();
});

it("speaks to Elasticsearch, whose answer is about each record", async () => {
  receiver.answer = () => ({ status: 200, body: '{"errors":false}' });
  const elastic = make({ kind: "elastic", auth: { kind: "api_key" } }, { secret: "k" }, ECS);
  expect(await elastic.send(two, signal)).toEqual({ kind: "taken" });
  const [got] = receiver.got;
  expect(got?.path).toMatch(/^\/logs-flowtrail\.flow-default\/_bulk\?/);
  expect(got?.headers.authorization).toBe("ApiKey k");
  const lines = (got?.body ?? "").trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  expect(JSON.parse(lines[0] ?? "")).toEqual({ create: { _id: "a-1-ended" } });
  const newest = make({ kind: "elastic", op: "index", index: "flows" });
  await newest.send(two, signal);
  expect(JSON.parse(receiver.got[1]?.body.split("\n")[0] ?? "")).toEqual({
    index: { _id: "a-1-ended", version: 256, version_type: "external" },
  });
  await Promise.all([elastic.close(), newest.close()]);
});

it("reads a bulk answer: there already is fine, busy comes again, what does not fit is parked", () => {
  const item = (status: number, type?: string) => ({
    create: { status, ...(type === undefined ? {} : { error: { type, reason: "r" } }) },
  });
  const of = (...items: object[]) => bulkResult(JSON.stringify({ errors: true, items }), items.length, null);
  expect(of(item(201), item(409, "version_conflict_engine_exception"))).toEqual({ kind: "taken" });
  expect(of(item(201), item(400, "document_parsing_exception"), item(429, "es_rejected_execution_exception"))).toEqual({
    kind: "partly",
    refused: [{ index: 1, reason: "mapping", message: "document_parsing_exception: r" }],
    again: [2],
    retryAfterMs: null,
  });
  expect(of(item(429, "a"), item(429, "a"))).toMatchObject({ kind: "not_now", reason: "busy" });
  expect(of(item(403, "index_block"), item(403, "index_block"))).toMatchObject({ kind: "not_now", reason: "item_403" });
  expect(bulkResult("<html>", 1, null)).toMatchObject({ kind: "not_now", reason: "answer" });
  expect(bulkResult('{"errors":true,"items":[]}', 1, null)).toMatchObject({ kind: "not_now", reason: "answer" });
});

it("speaks to Datadog, and sends no more at once than it takes", async () => {
  const datadog = make({ kind: "datadog", tags: "env:lab", max_events: 5000 }, { api_key: "dd" });
  expect(datadog.batch.maxEvents).toBe(1000);
  receiver.answer = () => ({ status: 202 });
  expect(await datadog.send(two, signal)).toEqual({ kind: "taken" });
  const [got] = receiver.got;
  expect(got?.headers["dd-api-key"]).toBe("dd");
  expect(JSON.parse(got?.body ?? "")).toMatchObject([
    { ddsource: "flowtrail", ddtags: "env:lab", message: expect.stringMatching(/^\{/) },
    {},
  ]);
  const large = Array.from({ length: 40 }, (_, n) => event({ domain: "d".repeat(200_000) }, { id: `l-${n}-ended` }));
  expect(await datadog.send(large, signal)).toMatchObject({ kind: "refused", reason: "too_large" });
  await datadog.close();
});
