/** A source on a double, with what it said and a clock that tests turn. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inventory } from "../../../inventory-schema.ts";
import type { SourceState } from "../../source.ts";
import { type NetmakerConfig, NetmakerSource } from "../netmaker.ts";

export interface TestSource {
  readonly source: NetmakerSource;
  readonly state: SourceState;
  /** All that it handed over. */
  readonly said: Inventory[];
  readonly logged: string[];
  readonly tokenFile: string;
  end(): Promise<void>;
}

/** Started, with its first poll done. */
export async function sourceOn({ url }: { url: string }, change: Partial<NetmakerConfig> = {}): Promise<TestSource> {
  const dir = await mkdtemp(join(tmpdir(), "flowtrail-netmaker-"));
  const tokenFile = join(dir, "token");
  await writeFile(tokenFile, "good-token\n", { mode: 0o600 });
  const said: Inventory[] = [];
  const logged: string[] = [];
  const log = (_: object, message: string) => void logged.push(message);
  const source = new NetmakerSource(
    { url, tokenFile, intervalMs: 3_600_000, firstAnswerMs: 60_000, ...change },
    { logger: { info: log, warn: log }, now: Date.now, random: () => 0.5, onChange: (inventory) => void said.push(inventory) },
  );
  await source.start();
  return {
    source,
    get state() {
      return source.state;
    },
    said,
    logged,
    tokenFile,
    end: async () => {
      source.stop();
      await rm(dir, { recursive: true });
    },
  };
}
