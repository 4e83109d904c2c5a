import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Endpoint } from "./endpoint.ts";
import { Store } from "./store.ts";
import { batchOf } from "./test-batches.ts";
import { memoryLogger, startTestEngine, type TestEngine, testStoreConfig } from "./testing.ts";
import { openDoor } from "./testing-door.ts";

describe("a store at a URL", () => {
  let engine: TestEngine;
  let door: Awaited<ReturnType<typeof openDoor>>;
  let endpoint: Endpoint;
  let url: string;
  beforeAll(async () => {
    engine = await startTestEngine();
    const found = await engine.engine.endpoint(0);
    if (!found) throw new Error("no endpoint");
    endpoint = found;
    door = await openDoor(endpoint);
    url = door.url;
  });
  afterAll(async () => {
    door.close();
    await engine.stop();
  });
  const storeAt = (password: string) =>
    new Store(testStoreConfig("/nowhere", { remote: { urls: [url], username: endpoint.username, password, cluster: null } }), {
      logger: memoryLogger(),
    });

  it("works as the embedded one does, and several servers share it", async () => {
    const stores = [storeAt(endpoint.password), storeAt(endpoint.password)];
    await Promise.all(stores.map((store) => store.start()));
    const row = { flow_id: "1", state: "closed", revision: 1 };
    await Promise.all(stores.map((store) => store.submit({ rows: batchOf([row]), deliveries: [], deadLetters: [] })));
    for (const store of stores) {
      expect(await store.clickhouse.rows("SELECT flow_id FROM flows FINAL")).toEqual([{ flow_id: "1" }]);
      expect(await store.health()).toMatchObject({ ping: { ok: true }, engine: null });
      await store.stop();
    }
  });

  it("asks once more where a connection was closed under it", async () => {
    const store = storeAt(endpoint.password);
    await store.start();
    door.slam();
    expect(await store.clickhouse.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    door.slam();
    await store.insert(batchOf([{ flow_id: "2", state: "closed", revision: 1 }]));
    expect(await store.clickhouse.rows("SELECT flow_id FROM flows FINAL WHERE flow_id = 2")).toEqual([{ flow_id: "2" }]);
    await store.stop();
  });

  it("says that the password is wrong", async () => {
    await expect(storeAt("guess").start()).rejects.toMatchObject({ code: "STORE_AUTH" });
  });

  it("says that nobody is there", async () => {
    const store = new Store(
      testStoreConfig("/nowhere", { remote: { urls: ["http://127.0.0.1:9"], username: "u", password: "p", cluster: null } }),
      {
        logger: memoryLogger(),
      },
    );
    await expect(store.start()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
