/** What people do: agents and servers are replaced, started in another order, started twice. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROLLUP_TABLES } from "../../../packages/server/src/store/schema/rollup-tables.ts";
import { SCHEMA_1 } from "../../../packages/server/src/store/schema/testing-version-1.ts";
import { startTestEngine } from "../../../packages/server/src/store/testing.ts";
import type { ChaosBed } from "../bed.ts";
import type { Fault } from "../fault.ts";

const OLD_TABLES = ["flows", "flows_open", "flow_deltas"] as const;

/** Makes the store what a server of schema 1 would have left, with all that is in it. */
async function toVersion1(bed: ChaosBed): Promise<void> {
  const { clickhouse, stop } = await startTestEngine({ dataDir: join(bed.server.data, "store") });
  try {
    const views = await clickhouse.rows<{ name: string }>(
      "SELECT name FROM system.tables WHERE database = 'flowtrail' AND engine = 'MaterializedView'",
    );
    for (const { name } of views) await clickhouse.command(`DROP VIEW ${name} SYNC`);
    for (const name of ["schema_versions", "flows_long", ...ROLLUP_TABLES.map((table) => table.name)]) {
      await clickhouse.command(`DROP TABLE IF EXISTS ${name} SYNC`);
    }
    for (const name of OLD_TABLES) await clickhouse.command(`RENAME TABLE ${name} TO ${name}_newer`);
    for (const statement of SCHEMA_1) await clickhouse.command(statement);
    await clickhouse.command("INSERT INTO schema_versions (version) VALUES (1)");
    for (const name of OLD_TABLES) {
      const columns = (
        await clickhouse.rows<{ name: string }>(
          `SELECT name FROM system.columns WHERE database = 'flowtrail' AND table = '${name}' AND default_kind = ''
           AND name IN (SELECT name FROM system.columns WHERE database = 'flowtrail' AND table = '${name}_newer')`,
        )
      ).map((column) => column.name);
      await clickhouse.command(`INSERT INTO ${name} (${columns}) SELECT ${columns} FROM ${name}_newer FINAL`);
      await clickhouse.command(`DROP TABLE ${name}_newer SYNC`);
    }
  } finally {
    await stop({ keep: true });
  }
}

/** The library that the engine runs from. */
function engineLibrary(bed: ChaosBed): string {
  const words = readFileSync(`/proc/${bed.enginePid()}/cmdline`, "utf8").split("\0");
  return words.find((word) => word.endsWith("/libchdb.so")) ?? "";
}

/** Of a bed that began with an earlier ClickHouse, the first one. */
export const ENGINE_UPGRADED: Fault = {
  name: "engine-upgraded",
  about: "the server's next start has a later ClickHouse on the data of an earlier one (with --older-engine only)",
  lastsMs: [500, 1500],
  begin: async (bed) => {
    const before = engineLibrary(bed);
    await bed.server.stop();
    bed.upgradeEngine();
    await bed.server.start();
    const after = engineLibrary(bed);
    if (before === "" || before === after) throw new Error(`the engine was ${before} and is ${after}`);
  },
};

export const UPGRADES: readonly Fault[] = [
  {
    name: "agent-upgraded",
    about: "the agent is stopped and another one started on its state at once",
    lastsMs: [500, 1500],
    begin: (bed) => bed.restartAgent("SIGTERM", 0),
  },
  {
    name: "server-upgraded",
    about: "the server finds a store of an earlier schema, and changes it while agents wait",
    lastsMs: [500, 1500],
    begin: async (bed) => {
      await bed.server.stop();
      await toVersion1(bed);
      await bed.server.start();
    },
  },
  {
    name: "two-agents",
    about: "a second agent on the same state: refused with words, and the first one goes on",
    lastsMs: [500, 1500],
    begin: async (bed) => {
      const { code, said } = await bed.agent.startInVain();
      if (code !== 4 || !said.includes("another flowtrail agent is running on this directory")) {
        throw new Error(`a second agent ended with ${code} and said: ${said}`);
      }
    },
  },
  {
    name: "agent-starts-alone",
    about: "the agent is killed and starts while there is no server",
    lastsMs: [2000, 4000],
    begin: async (bed) => {
      await bed.server.kill();
      await bed.restartAgent("SIGKILL", 0);
    },
    end: (bed) => bed.server.start(),
  },
  {
    name: "agent-starts-without-store",
    about: "the agent is killed and starts while the server's store does not answer",
    lastsMs: [4000, 7000],
    begin: async (bed) => {
      process.kill(bed.enginePid() ?? 0, "SIGSTOP");
      await bed.restartAgent("SIGKILL", 0);
    },
    end: async (bed) => void process.kill(bed.enginePid() ?? 0, "SIGCONT"),
  },
];
