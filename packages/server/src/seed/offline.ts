/** Seeds a data directory that no server has open. */
import { parseConfig } from "../config/load.ts";
import { prepareData } from "../data-dir.ts";
import { makeLogger } from "../logger.ts";
import { storeConfig } from "../store/config.ts";
import { Store } from "../store/store.ts";
import type { SeedProgress } from "./seed.ts";
import { SeedMarks } from "./seed-marks.ts";
import { runSeed, type SeedRequest, type SeedSummary } from "./seeding.ts";

/** Nothing is deleted meanwhile: how long the rows are kept is for the server to say, and this is not it. */
const KEEP_ALL = Object.fromEntries(
  ["days", "deltas_days", "minutes_days", "hours_days"].map((key) => [`retention.${key}`, "3650"]),
);

/**
 * Starts the embedded engine on the directory, seeds, and stops it again.
 * @throws ServerError, EngineError (ENGINE_LOCKED if a server has the directory), StoreError
 */
export async function seedOffline(
  data: string,
  request: SeedRequest,
  run: { onProgress: (progress: SeedProgress) => void; signal: AbortSignal },
): Promise<SeedSummary> {
  const config = parseConfig({ flags: { data, ...KEEP_ALL } });
  await prepareData(data);
  const { rollups, ...rest } = storeConfig(config);
  // Not while rows are made: all at once, at the end.
  const store = new Store({ ...rest, rollups: { ...rollups, everyMs: null } }, { logger: makeLogger("error") });
  await store.start();
  try {
    const { clickhouse } = store;
    const settle = async (_fromMs: number, signal: AbortSignal) => {
      while (await store.rollups.pass(signal, { all: true }));
      // Computing took longer than a row takes to become visible: who looks again at what was stored right before need not do so later.
      await store.rollups.pass(signal, { all: true });
    };
    return await runSeed(request, { clickhouse, marks: new SeedMarks(data), now: Date.now, settle }, run);
  } finally {
    await store.stop();
  }
}
