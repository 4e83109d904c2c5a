import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ARROW_CONTENT_TYPE,
  type BatchMetadata,
  encodeBatch,
  type FlowJson,
  HEADER_BATCH,
  SENDER_COLUMNS,
} from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestStore } from "../../store/testing.ts";
import { startTestServer, type TestServer } from "../../testing.ts";
import { flowBatch, flowJson } from "../../testing-rows.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LOOK_AROUND_MS = 100;
const INVENTORY = `
networks:
  - id: netmaker
    ranges: [100.102.137.0/24]
    nodes:
      - { id: inetgw, addresses: [100.102.137.4] }
      - { id: debian, addresses: [100.102.137.9], relay: relay }
      - { id: relay, addresses: [100.102.137.5] }
`;

/** A server with a clock that can be put forward, and agents that say what they are told to. */
describe("stored reports are elected again", () => {
  let test: TestServer;
  let aheadMs: number;
  let data: string;
  let dir: string;
  const tokens = new Map<string, string>();
  const sequences = new Map<string, number>();
  /** What agents declare as their own. */
  const addresses = new Map<string, string[]>();
  const startMs = Date.now() - 2 * HOUR_MS;
  /** Minutes since the beginning of the story. */
  const at = (minutes: number) => startMs + minutes * MINUTE_MS;

  const begin = async () => {
    test = await startTestServer({
      ...(data === "" ? {} : { data }),
      flags: { "inventory.file": join(dir, "inventory.yaml") },
      now: () => Date.now() + aheadMs,
      lookAroundMs: LOOK_AROUND_MS,
    });
    data = test.data;
  };
  beforeEach(async () => {
    aheadMs = 0;
    data = "";
    dir = mkdtempSync(join(tmpdir(), "flowtrail-elect-"));
    writeFileSync(join(dir, "inventory.yaml"), INVENTORY);
    sequences.clear();
    addresses.clear();
    await begin();
    for (const node of ["debian", "inetgw", "relay"]) tokens.set(node, await test.agentToken(node));
  });
  afterEach(() => test.stop());

  /** A batch of an agent: what it covers (minutes), and its rows. */
  async function deliver(node: string, fromMinute: number, toMinute: number, ...rows: Record<string, unknown>[]) {
    const sequence = (sequences.get(node) ?? 0) + 1;
    sequences.set(node, sequence);
    const metadata: BatchMetadata = {
      agent_version: "1",
      covered_from: at(fromMinute),
      covered_to: at(toMinute),
      addresses: { netmaker: addresses.get(node) ?? [] },
      drops: {},
      gauges: {},
    };
    const answer = await test.ask<{ accepted: number }>("POST", "/ingest/v1/flows", {
      token: tokens.get(node) ?? "",
      headers: { "content-type": ARROW_CONTENT_TYPE, [HEADER_BATCH]: `epoch-of-${node}-${sequence}` },
      body: encodeBatch(flowBatch(...rows), { columns: SENDER_COLUMNS, metadata }),
    });
    expect(answer.body).toMatchObject({ accepted: rows.length });
  }

  /** debian's connection to inetgw, by one of them. */
  function connection(reporter: "debian" | "inetgw", port: number, fromMinute: number, toMinute: number, more: object = {}) {
    const iso = (minute: number) => new Date(at(minute)).toISOString();
    const isClient = reporter === "debian";
    return {
      flow_id: `${port}${isClient ? 1 : 2}`,
      reporter,
      role: isClient ? "initiator" : "responder",
      direction: isClient ? "egress" : "ingress",
      src_port: port,
      start: iso(fromMinute),
      last_seen: iso(toMinute),
      end: iso(toMinute),
      src_bytes_delta: 60,
      ...more,
    };
  }

  const merged = async (): Promise<FlowJson[]> => (await test.flows("from=-30d&reports=merged&limit=1000")).flows;
  const counted = async () => (await merged()).map(({ src_port, reporter }) => `${src_port} ${reporter}`).sort();
  const reelections = async () =>
    (await test.ask<{ reelections: Record<string, unknown> }>("GET", "/api/health")).body.reelections;

  /** Waits; `never` is looked at all the while. */
  async function until(what: string, wanted: readonly string[], never: (found: readonly string[]) => boolean = () => false) {
    await untilWhile(what, wanted, never, () => {});
  }
  /** The same, while time goes by: what is found to be unclear is elected some time later. */
  async function untilLater(what: string, wanted: readonly string[], never: (found: readonly string[]) => boolean) {
    await untilWhile(what, wanted, never, () => {
      aheadMs += MINUTE_MS;
    });
  }
  async function untilWhile(
    what: string,
    wanted: readonly string[],
    never: (found: readonly string[]) => boolean,
    between: () => void,
  ) {
    const deadline = Date.now() + 40_000;
    for (;;) {
      const found = await counted();
      expect(never(found), `${what}: ${found}`).toBe(false);
      if (JSON.stringify(found) === JSON.stringify(wanted)) return;
      if (Date.now() > deadline) expect(found, `${what}; ${JSON.stringify(await reelections())}`).toEqual(wanted);
      between();
      await sleep(200);
    }
  }
  /** Everything that was still to be elected is: what is counted now is what stays. */
  async function untilSettled() {
    for (let round = 0; round < 3; round++) {
      aheadMs += MINUTE_MS;
      await sleep(5 * LOOK_AROUND_MS);
      await expect.poll(reelections, { timeout: 30_000 }).toMatchObject({ pending: 0, last_error: null });
    }
  }
  /** What charts are made of: looked up in the store itself, while the server is down. */
  async function countedBytes() {
    await test.stop({ keep: true });
    const { store, stop } = await startTestStore({ dataDir: join(data, "store") });
    const sql =
      "SELECT reporter_id, sum(src_bytes_delta) AS bytes FROM flow_deltas FINAL WHERE primary GROUP BY reporter_id ORDER BY reporter_id";
    const bytes = await store.clickhouse.rows(sql);
    await stop({ keep: true });
    await begin();
    return bytes;
  }
  async function tokenOf(node: string): Promise<{ id: string }> {
    const { body } = await test.ask<{ tokens: { id: string; node: string | null }[] }>("GET", "/api/tokens");
    return body.tokens.find((token) => token.node === node) ?? { id: "none" };
  }
  const twice = (found: readonly string[]) => new Set(found.map((one) => one.split(" ")[0])).size < found.length;

  it("when the initiator's agent was dead: each connection once", async () => {
    await deliver("debian", 0, 10, connection("debian", 1, 5, 6));
    await deliver(
      "inetgw",
      0,
      40,
      connection("inetgw", 1, 5, 6),
      connection("inetgw", 2, 15, 16),
      connection("inetgw", 3, 15, 29),
    );
    await deliver(
      "inetgw",
      40,
      50,
      connection("inetgw", 4, 20, 0, { state: "open", end: null, last_seen: new Date(at(45)).toISOString() }),
    );
    // As long as it is silent its spool may still come.
    await until("only what debian reported", ["1 debian"]);
    // It finds two of them when it starts: what is open, and what ended a minute ago.
    await deliver(
      "debian",
      30,
      40,
      connection("debian", 3, 15, 29),
      connection("debian", 4, 30, 0, { state: "open", end: null, start_exact: false, last_seen: new Date(at(35)).toISOString() }),
    );
    aheadMs += MINUTE_MS;
    await until("what debian missed, too", ["1 debian", "2 inetgw", "3 debian", "4 debian"], twice);
    await expect.poll(reelections, { timeout: 30_000 }).toMatchObject({ rows_changed: 1, last_error: null });
    // A report of the gap that comes late, when it is known that nobody else will tell of it.
    await deliver("inetgw", 50, 60, connection("inetgw", 5, 20, 21));
    await until("the late one", ["1 debian", "2 inetgw", "3 debian", "4 debian", "5 inetgw"]);
    // And one that ended so shortly before debian started that only debian's rows tell.
    await deliver("inetgw", 60, 70, connection("inetgw", 6, 20, 29.5));
    await until("not yet", ["1 debian", "2 inetgw", "3 debian", "4 debian", "5 inetgw"]);
    await untilLater("the unclear one", ["1 debian", "2 inetgw", "3 debian", "4 debian", "5 inetgw", "6 inetgw"], twice);
    expect(await countedBytes()).toEqual([
      { reporter_id: "debian", bytes: "180" },
      { reporter_id: "inetgw", bytes: "180" },
    ]);
  });

  it("not when the initiator's agent only comes late", async () => {
    await deliver("inetgw", 0, 40, connection("inetgw", 1, 15, 16));
    await until("inetgw's, while debian has never spoken and was enrolled after that", ["1 inetgw"]);
    await deliver("debian", 60, 61);
    await deliver("inetgw", 61, 70, connection("inetgw", 2, 62, 63));
    await until("nothing more", ["1 inetgw"]);
    await deliver("debian", 61, 70, connection("debian", 2, 62, 63));
    await until("debian's", ["1 inetgw", "2 debian"], twice);
    await untilSettled();
    await until("the same in the end", ["1 inetgw", "2 debian"], twice);
  });

  it("when an agent was silent for a day, and again when its spool comes after all", async () => {
    await deliver("debian", 0, 10);
    await deliver("inetgw", 0, 40, connection("inetgw", 1, 15, 16), connection("inetgw", 2, 17, 18));
    await until("nothing", []);
    aheadMs += 25 * HOUR_MS;
    await deliver("inetgw", 40, 41);
    await until("inetgw's", ["1 inetgw", "2 inetgw"]);
    await deliver("debian", 10, 40, connection("debian", 1, 15, 16), connection("debian", 2, 17, 18));
    // Before its rows are taken the others' do not count any more.
    expect(await counted()).toEqual(["1 debian", "2 debian"]);
    await untilSettled();
    await until("debian's", ["1 debian", "2 debian"], twice);
  });

  it("when an agent is new: what it finds counted already is not counted again", async () => {
    const open = { state: "open", end: null };
    await test.ask("DELETE", `/api/tokens/${(await tokenOf("debian")).id}`);
    await deliver("inetgw", 0, 119, connection("inetgw", 1, 100, 119, open), connection("inetgw", 2, 100, 101));
    await until("inetgw's", ["1 inetgw", "2 inetgw"]);
    tokens.set("debian", await test.agentToken("debian"));
    await deliver("debian", 119, 120, connection("debian", 1, 100, 120, open));
    expect(await counted()).toEqual(["1 debian", "2 inetgw"]);
  });

  it("when only the agent tells that an address is its own: at once, and whenever it tells of another one", async () => {
    await deliver("debian", 0, 1);
    await deliver("inetgw", 0, 12, connection("inetgw", 1, 10, 11, { src_ip: "100.102.137.77" }));
    await until("inetgw's: the address is nobody's", ["1 inetgw"]);
    addresses.set("debian", ["100.102.137.77"]);
    await deliver("debian", 1, 12, connection("debian", 1, 10, 11, { src_ip: "100.102.137.77" }));
    expect(await counted()).toEqual(["1 debian"]);
    await deliver("inetgw", 12, 22, connection("inetgw", 2, 20, 21, { src_ip: "100.102.137.78" }));
    await until("inetgw's, of the next one", ["1 debian", "2 inetgw"]);
    addresses.set("debian", ["100.102.137.77", "100.102.137.78"]);
    await deliver("debian", 12, 22, connection("debian", 2, 20, 21, { src_ip: "100.102.137.78" }));
    expect(await counted()).toEqual(["1 debian", "2 debian"]);
    await untilSettled();
    await until("the same in the end", ["1 debian", "2 debian"], twice);
  });

  it("when a sender that declares nothing brings what others told before", async () => {
    await test.ask("DELETE", `/api/tokens/${(await tokenOf("debian")).id}`);
    await deliver("inetgw", 0, 40, connection("inetgw", 1, 15, 16));
    await until("inetgw's", ["1 inetgw"]);
    const token = await test.agentToken("debian");
    const row = flowJson(connection("debian", 1, 15, 16));
    expect((await test.deliver(token, [row])).body).toMatchObject({ accepted: 1 });
    expect(await counted()).toEqual(["1 debian"]);
    await untilSettled();
    await until("the same in the end", ["1 debian"], twice);
  });

  it("when both ends' agents came back so shortly after it that only rows can tell: the relay's", async () => {
    for (const node of ["debian", "inetgw"] as const) {
      await deliver(node, 0, 10);
      await deliver(node, 30, 40);
    }
    aheadMs += MINUTE_MS;
    await expect.poll(reelections, { timeout: 30_000 }).toMatchObject({ pending: 0 });
    const ofRelay = { reporter: "relay", role: "forwarder", direction: "ingress" };
    await deliver("inetgw", 40, 41, connection("inetgw", 2, 20, 29.5));
    await deliver(
      "relay",
      0,
      40,
      connection("inetgw", 1, 20, 29.5, { ...ofRelay, flow_id: "13" }),
      connection("inetgw", 2, 20, 29.5, { ...ofRelay, flow_id: "23" }),
    );
    await untilLater("one report of each", ["1 relay", "2 inetgw"], twice);
  });

  it("when an agent is removed", async () => {
    await deliver("debian", 0, 10);
    await deliver("inetgw", 0, 40, connection("inetgw", 1, 15, 16));
    await until("nothing", []);
    await test.ask("DELETE", `/api/tokens/${(await tokenOf("debian")).id}`);
    await until("inetgw's", ["1 inetgw"]);
  });

  it("by the next server, if this one is stopped before", async () => {
    await deliver("debian", 0, 10);
    await deliver("inetgw", 0, 40, connection("inetgw", 1, 15, 16));
    await deliver("debian", 30, 40);
    await test.stop({ keep: true });
    await begin();
    expect(await counted()).toEqual([]);
    aheadMs += MINUTE_MS;
    await until("inetgw's", ["1 inetgw"]);
    // What was known of coverage is known again.
    await deliver("inetgw", 40, 50, connection("inetgw", 2, 20, 21), connection("inetgw", 3, 35, 36));
    await until("what it missed, and not what it covered", ["1 inetgw", "2 inetgw"]);
  });
}, 240_000);
