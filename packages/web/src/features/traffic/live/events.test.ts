import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { followEvents } from "./events.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Follows a server that refuses with this status, until it was asked so often; how often it was connected to. */
async function connectionsAfter(status: number, looks: number): Promise<number> {
  let [connections, asked] = [0, 0];
  const server = createServer((_request, response) => {
    asked++;
    response.writeHead(status).end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  // As the browser's: after an answer that is no stream it is closed, and does not say why.
  class RefusedSource {
    static readonly CLOSED = 2;
    readonly readyState = 2;
    onerror: () => void = () => {};
    constructor() {
      connections++;
      queueMicrotask(() => this.onerror());
    }
    addEventListener() {}
  }
  vi.stubGlobal("EventSource", RefusedSource);
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const nothing = () => {};
  followEvents(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
    onRow: nothing,
    onState: nothing,
    onRefused: nothing,
    onDropped: nothing,
  });
  const tick = () => new Promise((done) => setImmediate(done));
  for (let i = 0; i < 20_000 && asked < looks; i++) {
    await vi.advanceTimersByTimeAsync(1000);
    await tick();
  }
  // Time for what comes after the last look.
  for (let i = 0; i < 200; i++) {
    await vi.advanceTimersByTimeAsync(1);
    await tick();
  }
  vi.clearAllTimers();
  await new Promise((closed) => server.close(closed));
  return connections;
}

it.each([400, 401, 404])("does not come back after a refusal with status %i", async (status) => {
  expect(await connectionsAfter(status, 1)).toBe(1);
});

it.each([429, 503])("comes back after status %i", async (status) => {
  expect(await connectionsAfter(status, 3)).toBeGreaterThanOrEqual(3);
});
