/** Runs a server until it is told to stop. */
import { parseConfig } from "./config/load.ts";
import type { ServerConfig } from "./config/schema.ts";
import { prepareData } from "./data-dir.ts";
import { makeLogger } from "./logger.ts";
import { Server } from "./server.ts";
import { storeConfig } from "./store/config.ts";
import { Store } from "./store/store.ts";

/**
 * Starts a server and runs it until SIGTERM or SIGINT. A second signal ends it at once.
 * @throws ServerError, EngineError, SchemaError, StoreError if it can't start
 */
export async function runServer(config: ServerConfig): Promise<void> {
  const logger = makeLogger(config.log.level);
  const server = new Server(config, { logger });
  const stopped = new Promise<void>((resolve, reject) => {
    let stopping = false;
    const onSignal = (signal: NodeJS.Signals) => {
      if (stopping) process.exit(130);
      stopping = true;
      logger.info({ signal }, "stopping");
      started.then(() => server.stop()).then(resolve, reject);
    };
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
  });
  const started = server.start();
  await started;
  await stopped;
}

/** Whom a token is for: an agent's node, or a program. */
export interface TokenRequest {
  readonly kind: "agent" | "api";
  /** Of an agent: its node's id or name. */
  readonly node?: string;
}

/**
 * Makes a token while no server runs on the data directory.
 * @param config of the server, if it is not the default one but for its data directory
 * @throws ServerError, EngineError (ENGINE_LOCKED if a server runs after all), StoreError
 */
export async function createTokenOffline(
  data: string,
  { kind, node }: TokenRequest,
  config: ServerConfig = parseConfig({ flags: { data } }),
): Promise<{ id: string; token: string }> {
  await prepareData(data);
  const store = new Store(storeConfig({ ...config, data }), { logger: makeLogger("error") });
  await store.start();
  try {
    const { token, secret } = await store.tokens.create({ kind, name: node ?? kind, ...(node === undefined ? {} : { node }) });
    return { id: token.id, token: secret };
  } finally {
    await store.stop();
  }
}
