/**
 * ClickHouse servers as an operator has them, for tests: plain engine processes with a password and no key, alone or as the shards of
 * a cluster, each of which can be killed and started again.
 */
import { createHash } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findLibrary } from "./engine/library.ts";
import { EngineProcess, freePort } from "./engine/process.ts";
import type { StoreConfig } from "./store.ts";
import { memoryLogger, temporaryDirectory } from "./testing.ts";

const USER = "flowtrail";
const PASSWORD = "shared by all nodes";
const CLUSTER = "test_shards";

export class TestNode {
  readonly #dir: string;
  readonly #settings: { readonly port: number; readonly username: string; readonly password: string; readonly key: string };
  #process: EngineProcess | null = null;
  /** Of its HTTP interface. */
  readonly url: string;

  constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#settings = { port, username: USER, password: PASSWORD, key: "" };
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const files = { libraryPath: findLibrary(), configPath: join(this.#dir, "config.xml"), path: join(this.#dir, "data") };
    this.#process = new EngineProcess({ ...files, listen: "HTTP,TCP" }, this.#settings, memoryLogger());
    await this.#process.ready(60_000);
  }

  /** As a power cut does it. */
  async kill(): Promise<void> {
    this.#process?.kill();
    await this.#process?.exited;
    this.#process = null;
  }

  /** Holds it still, as a machine that does not answer, until `resume`. */
  pause(): void {
    signal(this.#process?.pid, "SIGSTOP");
  }

  resume(): void {
    signal(this.#process?.pid, "SIGCONT");
  }

  async stop(): Promise<void> {
    this.resume();
    await this.#process?.stop(10_000);
    this.#process = null;
  }
}

/** A process that is gone needs none. */
function signal(pid: number | null | undefined, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    if (pid) process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export interface TestCluster {
  readonly nodes: readonly TestNode[];
  /** For the configuration of a store. */
  readonly remote: NonNullable<StoreConfig["remote"]>;
  /** As in `store.url`. */
  readonly url: string;
  readonly cluster: string;
  readonly username: string;
  readonly password: string;
  stop(): Promise<void>;
}

/** @param shards one of them is a server without a cluster */
export async function startTestCluster(shards = 2): Promise<TestCluster> {
  const dir = await temporaryDirectory();
  const ports = await Promise.all(
    Array.from({ length: shards }, async () => ({ http: await freePort(), tcp: await freePort() })),
  );
  const nodes = await Promise.all(
    ports.map(async ({ http, tcp }, i) => {
      const own = join(dir, `node-${i}`);
      await mkdir(join(own, "data"), { recursive: true });
      await writeFile(join(own, "users.xml"), usersConfig());
      await writeFile(
        join(own, "config.xml"),
        serverConfig(
          { http, tcp },
          ports.map((port) => port.tcp),
          own,
        ),
      );
      return new TestNode(own, http);
    }),
  );
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.start()));
  } catch (error) {
    await stop();
    throw error;
  }
  const url = nodes.map((node) => node.url).join(",");
  const remote = {
    ...{ urls: url.split(","), username: USER, password: PASSWORD },
    cluster: { name: CLUSTER, replicated: false },
  };
  return { nodes, url, remote, cluster: CLUSTER, username: USER, password: PASSWORD, stop };
}

function serverConfig(own: { readonly http: number; readonly tcp: number }, shards: readonly number[], dir: string): string {
  const replica = (port: number) => `<shard><replica><host>127.0.0.1</host><port>${port}</port></replica></shard>`;
  return `<clickhouse>
  <logger><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${own.http}</http_port>
  <tcp_port>${own.tcp}</tcp_port>
  <users_config>${dir}/users.xml</users_config>
  <max_server_memory_usage>1000000000</max_server_memory_usage>
  <mark_cache_size>67108864</mark_cache_size>
  <background_pool_size>4</background_pool_size>
  <remote_servers><${CLUSTER}><secret>of the nodes</secret>${shards.map(replica).join("")}</${CLUSTER}></remote_servers>
</clickhouse>
`;
}

function usersConfig(): string {
  const hash = createHash("sha256").update(PASSWORD).digest("hex");
  // \`default\` starts the engine and can't have a password (code 516), so it may do that and nothing else.
  return `<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <${USER}>
      <password_sha256_hex>${hash}</password_sha256_hex>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SELECT, INSERT, CREATE, DROP, ALTER, OPTIMIZE, TRUNCATE ON flowtrail.*</query>
        <query>GRANT TABLE ENGINE ON *</query>
        <query>GRANT SELECT ON system.*</query>
      </grants>
    </${USER}>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT SYSTEM LISTEN ON *.*</query>
        <query>GRANT READ ON FILE</query>
        <query>GRANT CREATE TEMPORARY TABLE ON *.*</query>
      </grants>
    </default>
  </users>
</clickhouse>
`;
}
