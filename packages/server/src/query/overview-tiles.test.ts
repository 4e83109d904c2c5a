import { parseFilter } from "@flowtrail/model";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchOf } from "../store/test-batches.ts";
import { startTestStore, type TestStore } from "../store/testing.ts";
import { Inquiry } from "./inquiry.ts";
import { openNow } from "./overview-tiles.ts";
import { heard } from "./testing.ts";

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

describe("connections that are open now", () => {
  it("count once, whoever reports them", async () => {
    const nowMs = Date.now();
    const open = { start: nowMs - 1000, last_seen: nowMs, received: nowMs };
    await test.store.insert(
      batchOf([
        { ...open, flow_id: "1" },
        { ...open, flow_id: "2", reporter_id: "node-2", direction: "ingress", role: "responder", primary: false, rank: 3 },
        { ...open, flow_id: "3", src_port: 5 },
      ]),
    );
    const inquiry = new Inquiry(test.store.clickhouse, { signal: AbortSignal.timeout(60_000) });
    expect(await openNow(parseFilter(""), heard, nowMs, inquiry)).toBe(2);
  });
});
