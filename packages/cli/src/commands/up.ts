/** `flowtrail up`: server and agent of one machine in one command; prints one address. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { reportAndExit } from "../errors.ts";
import { callServer, findLocalServer, type LocalServer } from "../local-server.ts";
import { dataOption, stateOption } from "../paths.ts";
import { createAgentToken, signInLink, waitForServer } from "../server-client.ts";
import { Supervised } from "../supervised.ts";

interface UpOptions {
  listen?: string;
  data: string;
  state: string;
  node: string;
  network: string[];
}

const say = (message: string) => void process.stderr.write(`flowtrail: ${message}\n`);
const START_TIMEOUT_MS = 120_000;
const DEFAULT_PORT = 8080;
/** Ports tried after the default one when nobody said which. */
const PORT_TRIES = 20;

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("start server and agent on this machine and print the page's address (root: captures this machine's flows)")
    .option("--listen <host:port>", `where the server listens (default: 127.0.0.1:${DEFAULT_PORT}, or the next free port)`)
    .addOption(dataOption("the server's data directory"))
    .addOption(stateOption("the agent's state directory"))
    .addOption(new Option("--node <name>", "name of this node").default(hostname(), "the host's name"))
    .addOption(
      new Option("--network <id=cidr,…>", "an overlay network and its ranges; may be repeated")
        .argParser((value: string, all: string[]) => [...all, value])
        .default([], "found out"),
    )
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const running = findLocalServer(options.data);
  if (running) say(`a server is running on ${options.data} already (pid ${running.pid})`);
  let failed = false;
  const children: Supervised[] = [];
  stopInOrder(children);
  const final = (exitCode: number) => {
    failed = true;
    void stopAll(children).then(() => process.exit(exitCode));
  };

  if (!running) {
    const listen = options.listen ?? `127.0.0.1:${await firstFreePort(DEFAULT_PORT)}`;
    const server = new Supervised("server", ["server", "--listen", listen, "--data", options.data], {
      finalCodes: [2, 4],
      onFinal: final,
      log: say,
    });
    children.push(server);
    server.start();
  }
  const server = running ?? (await waitForServer(options.data, { timeoutMs: START_TIMEOUT_MS, failed: () => failed }));
  await startAgent(server, options, children);
  const link = await signInLink(server);
  process.stdout.write(
    `\n  Flowtrail is running. Open (this link works once):\n\n  ${link}\n\n  Another link: npx flowtrail link · Stop: Ctrl-C\n\n`,
  );
}

async function startAgent(server: LocalServer, options: UpOptions, children: Supervised[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    const message =
      "Nothing is captured on this machine: reading the kernel's connection table needs root. Stop this and start it with: sudo npm start";
    say(message);
    await tellServer(server, "no_privileges", message);
    return;
  }
  const tokenFile = await ownToken(server, options);
  const argv = [
    "agent",
    "--server",
    server.url,
    "--token-file",
    tokenFile,
    "--node",
    options.node,
    "--state",
    options.state,
    ...options.network.flatMap((network) => ["--network", network]),
  ];
  const agent = new Supervised("agent", argv, {
    finalCodes: [2, 3, 4, 5],
    onFinal: () => {
      const message =
        "The agent could not start, so nothing is captured on this machine. The terminal that runs `flowtrail up` shows its message; `npx flowtrail agent --help` shows what can be set.";
      say(message);
      void tellServer(server, "failed", message);
    },
    log: say,
  });
  children.unshift(agent);
  agent.start();
  await tellServer(server, "running", null);
}

/** So that the page can say why nothing is captured. */
function tellServer(
  server: LocalServer,
  state: "running" | "no_privileges" | "failed",
  message: string | null,
): Promise<unknown> {
  return callServer(server, "PUT", "/api/local-agent", { state, message }).catch((error: unknown) =>
    say(`the page can't be told about the agent: ${String(error)}`),
  );
}

/** This node's token: made once, kept in the state directory, made anew if the server does not know it (another data directory). */
async function ownToken(server: LocalServer, options: UpOptions): Promise<string> {
  mkdirSync(options.state, { recursive: true, mode: 0o700 });
  const file = join(options.state, "agent.token");
  if (existsSync(file) && (await isGood(server, readFileSync(file, "utf8").trim()))) return file;
  const { token } = await createAgentToken(server, options.node);
  writeFileSync(file, `${token}\n`, { mode: 0o600 });
  return file;
}

const isGood = (server: LocalServer, token: string): Promise<boolean> =>
  fetch(new URL("/agent/v1/config", server.url), { headers: { authorization: `Bearer ${token}` } }).then(
    (response) => response.status !== 401 && response.status !== 403,
  );

/** The agent before the server, so that what it flushes still finds one. A second signal ends them at once. */
function stopInOrder(children: readonly Supervised[]): void {
  let stopping = false;
  const onSignal = () => {
    if (stopping) {
      for (const child of children) child.kill();
      process.exit(130);
    }
    stopping = true;
    say("stopping …");
    stopAll(children).then(() => process.exit(0), reportAndExit);
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
}

async function stopAll(children: readonly Supervised[]): Promise<void> {
  for (const child of children) await child.stop();
}

async function firstFreePort(from: number): Promise<number> {
  for (let port = from; port < from + PORT_TRIES; port++) if (await isFree(port)) return port;
  return from; // the server says that it is taken, and by what
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
