/** The sources that the configuration names. Agents become sources as they report. */
import type { ServerConfig } from "../../config/schema.ts";
import { InventoryFile } from "./file.ts";
import { NetmakerSource } from "./netmaker/netmaker.ts";
import type { SourceDeps } from "./source.ts";
import type { Sources } from "./sources.ts";

const POLL_MS = 1000;

export interface ConfiguredDeps {
  readonly history: {
    counts(): ReadonlyMap<string, number>;
    retire(source: string, change: { who: string }): number;
  };
  readonly logger: SourceDeps["logger"];
}

/** @param shared others write into the same store, and may be told to read what this server is not */
export async function addConfigured(
  sources: Sources,
  { inventory, shared }: { inventory: ServerConfig["inventory"]; shared: boolean },
  { history, logger }: ConfiguredDeps,
): Promise<void> {
  const { file, netmaker } = inventory;
  if (file !== undefined) await sources.add((deps) => new InventoryFile({ path: file, pollMs: POLL_MS }, deps));
  const { url, token_file, ca_file, interval_s } = netmaker;
  if (url !== undefined && token_file !== undefined) {
    const config = { url, tokenFile: token_file, caFile: ca_file, intervalMs: interval_s * 1000 };
    await sources.add((deps) => new NetmakerSource(config, deps));
  }
  if (shared) return;
  const names = new Set(sources.states.map(({ name }) => name));
  for (const gone of ["file", "netmaker"]) {
    if (names.has(gone) || !history.counts().get(gone)) continue;
    history.retire(gone, { who: `${gone}: not in the configuration any more` });
    logger.info({ source: gone }, "a source of the inventory is not in the configuration any more: what it held ends now");
  }
}
