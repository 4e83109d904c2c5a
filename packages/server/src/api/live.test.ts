import { request as httpRequest, type IncomingMessage } from "node:http";
import type { FlowJson } from "@flowtrail/model";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";
import { flowSchema } from "./schemas.ts";

let test: TestServer;
let token: string;
const open: Stream[] = [];
beforeAll(async () => {
  test = await startTestServer({ flags: { "live.max_clients": "3", "live.queue_rows": "10" } });
  token = await test.agentToken("debian");
});
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(() => test.stop());

interface Event {
  id?: string;
  event?: string;
  data?: string;
}

/** Reads an event stream as it comes. */
class Stream {
  readonly events: Event[] = [];
  readonly response: IncomingMessage;
  ended = false;
  #text = "";
  #wake: () => void = () => {};

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#take(text));
    response.on("error", () => {}); // we closed it
    response.on("close", () => {
      this.ended = true;
      this.#wake();
    });
  }

  #take(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      const lines = this.#text.slice(0, end).split("\n");
      this.#text = this.#text.slice(end + 2);
      const event = Object.fromEntries(
        lines
          .flatMap((line) => /^(id|event|data): (.*)$/.exec(line)?.slice(1, 3).join("\0") ?? [])
          .map((pair) => pair.split("\0")),
      );
      if (Object.keys(event).length > 0) this.events.push(event as Event);
    }
    this.#wake();
  }

  async until(enough: (events: Event[]) => boolean): Promise<void> {
    while (!enough(this.events) && !this.ended) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  flowIds(): string[] {
    return this.events.flatMap(({ data, event }) => (event || !data ? [] : [String((JSON.parse(data) as FlowJson).flow_id)]));
  }

  close(): void {
    this.response.destroy();
  }
}

async function follow(query = "", headers: Record<string, string> = {}): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const all = { authorization: `Bearer ${test.adminToken}`, ...headers };
    httpRequest(`${test.url}/api/flows/live?${query}`, { headers: all }, resolve).on("error", reject).end();
  });
  const stream = new Stream(response);
  open.push(stream);
  return stream;
}

describe("the live stream", () => {
  it("sends rows once they are stored: new ones, updates and ends", async () => {
    const stream = await follow("network=live");
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "x-accel-buffering": "no",
      "cache-control": "no-store, no-transform",
      "x-content-type-options": "nosniff",
    });
    const row = rowNow({ network: "live" });
    const started = { ...row, state: "open", end: null, end_reason: null };
    await test.deliver(token, [{ ...started, revision: 0 }]);
    await test.deliver(token, [{ ...started, revision: 1, src_bytes: 100 }, rowNow({ network: "other" })]);
    await test.deliver(token, [{ ...row, revision: 2 }]);
    await stream.until((events) => events.length >= 3);
    const rows = stream.events.map(({ data }) => JSON.parse(data ?? "null") as FlowJson);
    expect(rows.map(({ revision, state }) => [revision, state])).toEqual([
      [0, "open"],
      [1, "open"],
      [2, "closed"],
    ]);
    for (const flow of rows) expect(flowSchema.safeParse(flow).error).toBeUndefined();
    expect(new Set(stream.events.map(({ id }) => id)).size).toBe(3);
  });

  it("filters like the list: primary reports only, unless all are wanted, and no sample traffic", async () => {
    const [merged, all, one] = [
      await follow(),
      await follow("reports=all"),
      await follow(`reports=all&protocol=17&dst_port=53&dst_port=54&q=${encodeURIComponent("port=54 and bytes<1KiB")}`),
    ];
    const inetgw = await test.agentToken("inetgw");
    const about = { network: "live-filter" };
    await test.deliver(token, [
      rowNow({ ...about, flow_id: "1" }),
      rowNow({ ...about, flow_id: "2", protocol: 17, dst_port: 54 }),
    ]);
    await test.deliver(inetgw, [rowNow({ ...about, flow_id: "3", reporter: "inetgw", role: "responder", direction: "ingress" })]);
    await all.until((events) => events.length >= 3);
    await merged.until((events) => events.length >= 2);
    expect(all.flowIds()).toEqual(["1", "2", "3"]);
    // Nobody said whose the addresses are, so each report is the best there is.
    expect(merged.flowIds()).toEqual(["1", "2", "3"]);
    expect(one.flowIds()).toEqual(["2"]);
  });

  it("goes on where a follower left off", async () => {
    const first = await follow("network=resume");
    await test.deliver(token, [rowNow({ network: "resume", flow_id: "1" })]);
    await first.until((events) => events.length >= 1);
    const lastId = first.events.at(-1)?.id ?? "";
    first.close();
    await test.deliver(token, [rowNow({ network: "resume", flow_id: "2" })]);
    const second = await follow("network=resume", { "last-event-id": lastId });
    await second.until((events) => events.length >= 1);
    expect(second.flowIds()).toEqual(["2"]);
  });

  it("refuses wrong filters and too many followers", async () => {
    expect((await follow("protocol=x")).response.statusCode).toBe(400);
    expect((await follow("from=-1h")).response.statusCode).toBe(400);
    for (const stream of open.splice(0)) stream.close();
    const streams = await Promise.all([follow(), follow(), follow()]);
    expect(streams.map(({ response }) => response.statusCode)).toEqual([200, 200, 200]);
    const refused = await follow();
    expect(refused.response.statusCode).toBe(503);
    expect(refused.response.headers["retry-after"]).toBe("10");
  });

  it("tells a slow follower how many rows it lost", async () => {
    const stream = await follow("network=slow");
    stream.response.pause();
    // More than the sockets of both sides hold.
    const rows = Array.from({ length: 2000 }, (_, i) => rowNow({ network: "slow", flow_id: String(i), rule: "x".repeat(1000) }));
    for (let i = 0; i < 6; i++) await test.deliver(token, rows);
    stream.response.resume();
    await stream.until((events) => events.some(({ event }) => event === "dropped"));
    const dropped = stream.events.find(({ event }) => event === "dropped");
    expect((JSON.parse(dropped?.data ?? "{}") as { dropped: number }).dropped).toBeGreaterThan(100);
  });
});

it("ends when the server stops", async () => {
  const other = await startTestServer();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${other.adminToken}` };
    httpRequest(`${other.url}/api/flows/live`, { headers }, resolve).on("error", reject).end();
  });
  const stream = new Stream(response);
  await other.stop();
  await stream.until(() => stream.ended);
  expect(stream.ended).toBe(true);
});
