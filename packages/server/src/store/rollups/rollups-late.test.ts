/** What comes while rollups are computed again is not forgotten. */
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { batchOf } from "../test-batches.ts";
import { startTestStore, type TestStore, untilDone } from "../testing.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./extents.ts";
import { Fingerprints } from "./fingerprints.ts";
import { Rollups } from "./rollups.ts";
import { expectedRollups, heldRollups } from "./testing.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const noon = Math.floor(Date.now() / DAY_MS) * DAY_MS - 2 * DAY_MS + 12 * HOUR_MS;

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

/** A flow that lasted for no time, a minute after noon. */
async function send(flow_id: string, minute: number): Promise<void> {
  const ms = noon + minute * MINUTE_MS;
  const times = { start: ms, since: ms, last_seen: ms, end: ms, received: ms + 1 };
  const rows = batchOf([{ flow_id, revision: 1, state: "closed", ...times, src_bytes_delta: 60, dst_bytes_delta: 40 }]);
  await untilDone(() => test.store.submit({ rows, deliveries: [], deadLetters: [] }));
}

it("rows that become visible after the look, and before the fingerprint, are in all rollups", async () => {
  const rollups = new Rollups(
    { shared: false, everyMs: null, marginMs: 90_000 },
    { nodes: test.store.nodes, logger: test.logger, deletedUntilMs: () => 0 },
  );
  const computeAll = async () => {
    while (await rollups.pass(new AbortController().signal, { all: true }));
  };
  await send("1", 0);
  await computeAll();
  await send("2", 5);
  const changed = Fingerprints.prototype.changed;
  const spy = vi.spyOn(Fingerprints.prototype, "changed").mockImplementationOnce(async function (this: Fingerprints, ...args) {
    await send("3", 40);
    return changed.apply(this, args);
  });
  await computeAll();
  expect(spy).toHaveBeenCalled();
  spy.mockRestore();
  await computeAll();
  const throughMs = (name: string) => rollups.throughMs(name);
  expect(await heldRollups(test.store.clickhouse, throughMs)).toEqual(await expectedRollups(test.store.clickhouse, throughMs));
});
