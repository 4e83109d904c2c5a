/** Moves the store of a data directory that no server has open. */
import { join } from "node:path";
import type { ServerConfig } from "../../config/schema.ts";
import { prepareData } from "../../data-dir.ts";
import { makeLogger } from "../../logger.ts";
import { ClickHouse } from "../clickhouse.ts";
import { openRemote } from "../cluster.ts";
import { storeConfig } from "../config.ts";
import { EmbeddedEngine } from "../engine/engine.ts";
import { singleNode } from "../nodes.ts";
import { migrateNodes } from "../schema/distributed.ts";
import { type MoveRun, type MoveSummary, moveStore } from "./move.ts";

/** Nothing is heard of ClickHouse while it writes the last of a large partition. */
const WRITE_TIMEOUT_MS = 600_000;

/**
 * @param config `data` of the embedded store, and the `store.url` to move it to
 * @throws ServerError, EngineError (ENGINE_LOCKED if a server has the directory), SchemaError, StoreError
 */
export async function moveOffline(config: ServerConfig, run: MoveRun): Promise<MoveSummary> {
  await prepareData(config.data);
  const logger = makeLogger("error");
  const { remote, engine: engineConfig, clickhouse: common } = storeConfig(config);
  if (remote === null) throw new TypeError("a move needs store.url");
  const clickhouse = { ...common, writeTimeoutMs: WRITE_TIMEOUT_MS };
  const engine = new EmbeddedEngine({ ...engineConfig, dataDir: join(config.data, "store") }, { logger });
  await engine.start();
  const source = new ClickHouse(engine, clickhouse, { logger });
  const target = openRemote(remote, clickhouse, { logger });
  try {
    await migrateNodes(singleNode(source), false, { logger });
    await migrateNodes(target.nodes, remote.cluster?.replicated ?? false, { logger });
    return await moveStore({ source, target, now: Date.now }, run);
  } finally {
    await Promise.all([source, target.clickhouse, ...target.nodes.all].map((one) => one.close()));
    await engine.stop();
  }
}
