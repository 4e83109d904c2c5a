/** The engine's two configuration files. They hold its secrets, so they are readable by us alone and live as long as it does. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { usersConfig } from "./users-config.ts";

export interface EngineSettings {
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  /** A request without it gets 404, whoever it says it is: the engine's built-in user has no password (see below). */
  readonly key: string;
  readonly memoryBytes: number;
  readonly minFreeDiskBytes: number;
  /** The one directory where backups may be written and read. */
  readonly backupDir: string;
}

export const keyHeader = "X-Flowtrail-Key";

function serverConfig(settings: EngineSettings, usersPath: string): string {
  // Not the whole memory for one query: the largest question must leave room for inserts and merges. Merges give way to both: under
  // full ingest they are a third of the engine's work, and nobody waits for them.
  return `<clickhouse>
  <logger><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${settings.port}</http_port>
  <keep_alive_timeout>10</keep_alive_timeout>
  <users_config>${escapeXml(usersPath)}</users_config>
  <max_server_memory_usage>${settings.memoryBytes}</max_server_memory_usage>
  <mark_cache_size>${Math.min(268_435_456, Math.floor(settings.memoryBytes / 8))}</mark_cache_size>
  <background_pool_size>4</background_pool_size>
  <os_threads_nice_value_merge_mutate>10</os_threads_nice_value_merge_mutate>
  <merge_tree>
    <min_free_disk_bytes_to_perform_insert>${settings.minFreeDiskBytes}</min_free_disk_bytes_to_perform_insert>
    <old_parts_lifetime>60</old_parts_lifetime>
  </merge_tree>
  <backups><allowed_path>${escapeXml(settings.backupDir)}</allowed_path></backups>
  <http_handlers>
    <rule>
      <methods>GET,POST</methods>
      <headers><${keyHeader}>${settings.key}</${keyHeader}></headers>
      <handler><type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler>
    </rule>
  </http_handlers>
</clickhouse>
`;
}

/** Our user's questions may not take the whole memory. */
function profilesOf({ memoryBytes }: EngineSettings): string {
  const perQueryBytes = Math.floor(memoryBytes / 2);
  return `<default/>
    <flowtrail>
      <max_execution_time>300</max_execution_time>
      <max_memory_usage>${perQueryBytes}</max_memory_usage>
      <max_bytes_before_external_group_by>${Math.floor(perQueryBytes / 2)}</max_bytes_before_external_group_by>
      <max_bytes_before_external_sort>${Math.floor(perQueryBytes / 2)}</max_bytes_before_external_sort>
    </flowtrail>`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export const runDirectoryPrefix = "run-";

/** Writes both files into a directory of their own below `dataDir` (0700, files 0600). */
export async function writeConfigFiles(
  dataDir: string,
  settings: EngineSettings,
): Promise<{ directory: string; configPath: string }> {
  const directory = await mkdtemp(join(dataDir, runDirectoryPrefix));
  const configPath = join(directory, "config.xml");
  const usersPath = join(directory, "users.xml");
  await writeFile(usersPath, usersConfig(settings, { profiles: profilesOf(settings), profile: "flowtrail" }), {
    mode: 0o600,
    flag: "wx",
  });
  await writeFile(configPath, serverConfig(settings, usersPath), { mode: 0o600, flag: "wx" });
  return { directory, configPath };
}
