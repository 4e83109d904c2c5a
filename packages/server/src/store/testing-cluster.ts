/**
 * ClickHouse servers as an operator has them, for tests: plain engine processes with a password and no key, alone or as the shards of
 * a cluster, each of which can be killed and started again.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findLibrary } from "./engine/library.ts";
import { EngineProcess, freePort } from "./engine/process.ts";
import { usersConfig } from "./engine/users-config.ts";
import type { StoreConfig } from "./store.ts";
import { memoryLogger, temporaryDirectory } from "./testing.ts";

const OPERATOR = { username: "flowtrail", password: "shared by all nodes", database: "flowtrail" };
const CLUSTER = "test_shards";
/** Where each node may write backups to. */
export const BACKUP_DISK = "kept";

export class TestNode {
  readonly #dir: string;
  readonly #settings: { readonly port: number; readonly username: string; readonly password: string; readonly key: string };
  #process: EngineProcess | null = null;
  #restarted: Promise<void> = Promise.resolve();
  /** Of its HTTP interface. */
  readonly url: string;

  constructor(dir: string, port: number) {
    this.#dir = dir;
    this.#settings = { port, username: OPERATOR.username, password: OPERATOR.password, key: "" };
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const files = { libraryPath: findLibrary(), configPath: join(this.#dir, "config.xml"), path: join(this.#dir, "data") };
    const engine = new EngineProcess({ ...files, listen: "HTTP,TCP" }, this.#settings, memoryLogger());
    this.#process = engine;
    void engine.exited.then(() => this.#ended(engine));
    await engine.ready(60_000);
  }

  /**
   * Starts it again if nobody ended it, as an operator's machine does: ClickHouse out of libchdb (the server of its own does not) dies of an
   * exception that nobody catches (SIGABRT) when another node resets a connection that it is about to read, as when it was paused meanwhile.
   */
  #ended(engine: EngineProcess): void {
    if (this.#process !== engine) return;
    this.#restarted = this.start();
    // One that does not come back does not answer: its test says so.
    this.#restarted.catch(() => undefined);
  }

  /** As a power cut does it. */
  async kill(): Promise<void> {
    const engine = this.#process;
    this.#process = null;
    engine?.kill();
    await engine?.exited;
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
    const engine = this.#process;
    this.#process = null;
    await engine?.stop(10_000);
    await Promise.allSettled([this.#restarted]);
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
      await writeFile(join(own, "users.xml"), usersConfig(OPERATOR, { profiles: "<default/>", profile: "default" }));
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
    ...{ urls: url.split(","), username: OPERATOR.username, password: OPERATOR.password },
    cluster: { name: CLUSTER, replicated: false },
  };
  return { nodes, url, remote, cluster: CLUSTER, username: OPERATOR.username, password: OPERATOR.password, stop };
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
  <storage_configuration><disks><${BACKUP_DISK}><type>local</type><path>${dir}/backups/</path></${BACKUP_DISK}></disks></storage_configuration>
  <backups><allowed_disk>${BACKUP_DISK}</allowed_disk></backups>
  <remote_servers><${CLUSTER}><secret>of the nodes</secret>${shards.map(replica).join("")}</${CLUSTER}></remote_servers>
</clickhouse>
`;
}
