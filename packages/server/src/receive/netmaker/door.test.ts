/** A real server and clients that behave as Netmaker's agents: what was answered is there, once. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer, type TestServerOptions } from "../../testing.ts";
import { NetmakerListener } from "./listener.ts";
import { envelope, type Library, NetmakerAgent, openStream, rawStream } from "./testing/agent.ts";
import { destroy, EXTERNAL, encode, start, type TestEvent, USER } from "./testing/events.ts";

const FLAGS: Record<string, string> = { "netmaker.listen": "127.0.0.1:0", "ingest.commit_interval_ms": "20" };
const options: TestServerOptions = { flags: FLAGS };
const logger = { info: () => undefined, warn: () => undefined };
const addressOf = async (test: TestServer) => {
  const { body } = await test.ask<{ listeners: { netmaker: string } }>("GET", "/api/health");
  return body.listeners.netmaker;
};

describe("the door for Netmaker's agents", { timeout: 60_000 }, () => {
  let test: TestServer;
  let address = "";
  /** Netmaker's own collector. */
  const collector = { listener: null as NetmakerListener | null, events: 0, isAnswering: true };
  beforeAll(async () => {
    collector.listener = new NetmakerListener(
      { listen: { host: "127.0.0.1", port: 0 }, tls: {}, allow: [], maxStreams: 10, maxEnvelopeBytes: 2 ** 20 },
      {
        logger,
        now: Date.now,
        take: async (events) => {
          while (!collector.isAnswering) await sleep(50);
          collector.events += events.length;
          return { success: true, error: "" };
        },
      },
    );
    await collector.listener.start();
    FLAGS["netmaker.forward"] = `http://127.0.0.1:${collector.listener.address?.port}`;
    test = await startTestServer(options);
    address = await addressOf(test);
  }, 60_000);
  afterAll(async () => {
    await test.stop();
    await collector.listener?.stop();
  });

  const flowsOf = async (hostId: string, of = test) => (await of.flows(`reporter_id=${hostId}&limit=1000&from=now-1d`)).flows;
  const send = async (events: readonly Uint8Array[], library: Library = "connect") => {
    const stream = openStream(library, address);
    const answer = await stream.send(events);
    stream.close();
    return answer;
  };

  it.each([
    ["grpc-js", "1.4"],
    ["grpc-js", "1.5"],
    ["connect", "1.4"],
    ["connect", "1.5"],
  ] as const)("takes what an agent sends by %s as of %s: a row a connection", async (library, dialect) => {
    const hostId = `host ${library} ${dialect}`;
    const change = (i: number) => ({ hostId, srcPort: 1000 + i, flowId: `flow-${i % 90}` });
    const nowMs = Date.now();
    const agent = new NetmakerAgent(library, () => address);
    await agent.report(Array.from({ length: 450 }, (_, i) => encode(dialect, start(dialect, change(i), nowMs))));
    expect((await flowsOf(hostId)).every(({ state }) => state === "open")).toBe(true);
    await agent.report(Array.from({ length: 300 }, (_, i) => encode(dialect, destroy(change(i), nowMs))));
    agent.stop();
    expect(agent).toMatchObject({ answered: 750, dropped: 0 });
    const flows = await flowsOf(hostId);
    expect(flows).toHaveLength(450);
    expect(flows.filter(({ state }) => state === "open")).toHaveLength(150);
    expect(flows.find(({ src_port }) => src_port === 1000)).toMatchObject({ state: "closed", src_bytes: 1200, dst_bytes: 8400 });
  });

  it("passes the same on to Netmaker's own collector, which delays nothing", async () => {
    await until(() => collector.events === 4 * 750);
    collector.isAnswering = false;
    const events = Array.from({ length: 20 }, (_, i) => encode("1.5", destroy({ hostId: "host of both", srcPort: i })));
    expect(await send(events)).toMatchObject({ success: true });
    expect(collector.events).toBe(4 * 750);
    collector.isAnswering = true;
    await until(() => collector.events === 4 * 750 + 20);
    const { body } = await test.ask<{ netmaker: { forward: object } }>("GET", "/api/health");
    expect(body.netmaker.forward).toMatchObject({ dropped: 0, last_error: null });
  });

  it("refuses a bad event alone, says why, and keeps it", async () => {
    const hostId = "host of bad events";
    const good = (srcPort: number) => encode("1.5", destroy({ hostId, srcPort }));
    const bad = encode("1.5", destroy({ hostId, direction: 0 }));
    const answer = await send([good(1), bad, good(2), Buffer.from([255, 255])]);
    expect(answer).toMatchObject({ success: true, error: expect.stringContaining("event 1: there is no direction") });
    expect(await flowsOf(hostId)).toHaveLength(2);
    const { body } = await test.ask<{ netmaker: { rejected: object; streams: number } }>("GET", "/api/health");
    expect(body.netmaker.rejected).toMatchObject({ MISSING: 1, BAD_VALUE: 1 });
    const { body: metrics } = await test.ask<string>("GET", "/metrics");
    expect(metrics).toContain('flowtrail_netmaker_rejected_events_total{code="MISSING"} 1');
    expect(await send([])).toMatchObject({ success: true });
  });

  it("takes events of a few hosts from an envelope: an agent tells of its own", async () => {
    const hostId = (i: number) => `host ${i} of one envelope`;
    const events = Array.from({ length: 10 }, (_, i) => encode("1.5", destroy({ hostId: hostId(i % 5), srcPort: i })));
    const answer = await send(events);
    expect(answer).toMatchObject({ success: true, error: expect.stringContaining("2 events refused; event 4: events of more") });
    expect(await flowsOf(hostId(3))).toHaveLength(2);
    expect(await flowsOf(hostId(4))).toHaveLength(0);
  });

  it("uses the reporter's words where the inventory has nobody", async () => {
    const hostId = "host of words";
    const src = { ip: "10.1.0.50", type: USER, id: "alice", name: "alice" };
    const dst = { ip: "203.0.113.9", type: EXTERNAL, id: "example.com", name: "example.com" };
    await send([encode("1.5", destroy({ hostId, src, dst }))]);
    expect((await flowsOf(hostId))[0]).toMatchObject({
      reporter: "debian",
      reporter_type: "netmaker",
      src_type: "user",
      src_id: "alice",
      src_by: "reporter",
      dst_type: "external",
      domain: "example.com",
      primary: true,
    });
  });

  it("shows the reporter as a Netmaker agent that is not silent", async () => {
    const { body } = await test.ask<{ agents: { id: string; version: string; silent: boolean; lost_batches: unknown[] }[] }>(
      "GET",
      "/api/health",
    );
    const agent = body.agents.find(({ id }) => id === "host grpc-js 1.4");
    expect(agent).toMatchObject({ version: "netmaker 1.4", silent: false, lost_batches: [] });
  });

  it.each([
    ["cut off", envelope([encode("1.5", destroy())]).subarray(0, 30)],
    ["groups", Buffer.from([11, 11, 11, 12, 12, 12])],
    ["a length that lies", Buffer.from([10, 255, 255, 255, 255, 15])],
    ["larger than allowed", Buffer.alloc(1_100_000)],
  ])("ends the stream of who sends no envelope (%s), and no other", async (_title, bytes) => {
    const other = openStream("connect", address);
    await other.send([encode("1.5", destroy({ hostId: "unharmed" }))]);
    const { client, stream } = rawStream(address);
    const ended = new Promise<{ code?: number }>((resolve) => stream.on("error", resolve));
    stream.on("data", () => undefined);
    stream.write(bytes);
    // INVALID_ARGUMENT, RESOURCE_EXHAUSTED or INTERNAL
    expect([3, 8, 13]).toContain((await ended).code);
    client.close();
    expect(await other.send([encode("1.5", destroy({ hostId: "unharmed" }))])).toMatchObject({ success: true });
    other.close();
  });

  it("keeps what it answered over a restart, joins START and DESTROY across it, and holds answers while the store is away", async () => {
    const hostId = "host over a restart";
    const change = (i: number): Partial<TestEvent> => ({ hostId, srcPort: i, flowId: `f${i}` });
    const nowMs = Date.now();
    const starts = Array.from({ length: 100 }, (_, i) => encode("1.5", start("1.5", change(i), nowMs)));
    const ends = Array.from({ length: 100 }, (_, i) => encode("1.5", destroy(change(i), nowMs)));
    let agent = new NetmakerAgent("grpc-js", () => address);
    await agent.report(starts);
    await agent.report(ends.slice(0, 50));
    agent.stop();
    const restart = async () => {
      const { data } = test;
      await test.stop({ keep: true });
      test = await startTestServer({ ...options, data });
      address = await addressOf(test);
    };
    await restart();
    // The store is slow, and the agent goes away while the door asks whether it has these flows, or hangs on a stream that nobody reads.
    const engine = enginePid(test);
    process.kill(engine, "SIGSTOP");
    const streams = [openStream("connect", address), openStream("grpc-js", address)] as const;
    const answered: unknown[] = [];
    for (const one of streams) {
      one.send(ends.slice(50)).then(
        (answer) => answered.push(answer),
        () => undefined,
      );
      await sleep(300);
    }
    streams[0].close();
    expect(answered).toEqual([]);
    process.kill(engine, "SIGKILL");
    agent = new NetmakerAgent("connect", () => address);
    // The last envelope again, as if its answer had been lost; then the others' ends.
    await agent.report(ends.slice(0, 50));
    await agent.report(ends.slice(50));
    await agent.report(starts);
    agent.stop();
    expect(agent).toMatchObject({ answered: 200, dropped: 0 });
    expect(answered).toMatchObject([{ success: true }]);
    streams[1].close();
    const flows = await flowsOf(hostId);
    expect(flows).toHaveLength(100);
    expect(flows.every(({ state, start: at }) => state === "closed" && Date.parse(at) === nowMs - 4990)).toBe(true);
    const { body } = await test.ask<{ agents: { id: string; silent: boolean }[] }>("GET", "/api/health");
    expect(body.agents.find(({ id }) => id === hostId)).toMatchObject({ silent: false });
  });
});

async function until(is: () => boolean): Promise<void> {
  while (!is()) await sleep(20);
}

/** The embedded engine's process. */
function enginePid({ log }: TestServer): number {
  return Number(/"pid":(\d+),"ms"/.exec(log.findLast((line) => line.includes("engine is up")) ?? "")?.[1]);
}
