/** `flowtrail up`: server and agent of one machine in one command; prints one address. */
import { createServer } from "node:net";
import { hostname } from "node:os";
import { type Command, Option } from "commander";
import { reportAndExit } from "../errors.ts";
import { LocalAgent, type LocalAgentOptions, runningAgent } from "../local-agent.ts";
import type { LocalServer } from "../local-server.ts";
import { dataOption, stateOption } from "../paths.ts";
import { settledServer, signInLink, waitForServer } from "../server-client.ts";
import { Supervised } from "../supervised.ts";

interface UpOptions extends LocalAgentOptions {
  listen?: string;
  data: string;
}

const say = (message: string) => void process.stderr.write(`flowtrail: ${message}\n`);
const START_TIMEOUT_MS = 120_000;
const DEFAULT_PORT = 8080;
/** Ports tried after the default one when nobody said which. */
const PORT_TRIES = 20;
/** npm and npx pass on the Ctrl-C that the terminal has already sent to everybody: that is one, not two. */
const SAME_SIGNAL_MS = 500;

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

/** What `up` has started, to be stopped in this order: what the agent flushes still finds a server. */
interface Started {
  agent: LocalAgent | null;
  server: Supervised | null;
}

async function up(options: UpOptions): Promise<void> {
  const started: Started = { agent: null, server: null };
  stopOnSignal(started);
  const running = await settledServer(options.data);
  if (running) say(`a server is running on ${options.data} already (pid ${running.pid})`);
  const server = running ?? (await startServer(options, started));
  // Beside a server that we have started ourselves, a running agent is the last one's: about to end, and ours waits for that.
  const agentPid = running && runningAgent(options.state);
  if (agentPid !== null) say(`an agent is running on ${options.state} already (pid ${agentPid})`);
  else {
    started.agent = new LocalAgent(server, options, { log: say, onWrongConfig: (exitCode) => void end(started, exitCode) });
    await started.agent.start();
  }
  const stop = started.server || started.agent ? " · Stop: Ctrl-C" : "";
  process.stdout.write(
    `\n  Flowtrail is running. Open (this link works once):\n\n  ${await signInLink(server)}\n\n  Another link: npx flowtrail link${stop}\n\n`,
  );
}

async function startServer({ listen, data }: UpOptions, started: Started): Promise<LocalServer> {
  const address = listen ?? `127.0.0.1:${await firstFreePort(DEFAULT_PORT)}`;
  let failed = false;
  const waiting = { timeoutMs: START_TIMEOUT_MS, failed: () => failed };
  started.server = new Supervised("server", ["server", "--listen", address, "--data", data], {
    finalCodes: [2, 4],
    onSettled: () => undefined,
    onEnd: (exitCode, final) => {
      failed = final;
      if (final) void end(started, exitCode ?? 1);
      else
        waitForServer(data, waiting).then(
          (server) => started.agent?.serverIs(server),
          (error: unknown) => say(String(error)),
        );
    },
    log: say,
  });
  started.server.start();
  return waitForServer(data, waiting);
}

/** A second signal ends everything at once. */
function stopOnSignal(started: Started): void {
  let stoppingSinceMs: number | null = null;
  const onSignal = () => {
    if (stoppingSinceMs === null) {
      stoppingSinceMs = performance.now();
      say("stopping …");
      end(started, 0).catch(reportAndExit);
    } else if (performance.now() - stoppingSinceMs > SAME_SIGNAL_MS) {
      started.agent?.kill();
      started.server?.kill();
      process.exit(130);
    }
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onSignal);
}

async function end({ agent, server }: Started, exitCode: number): Promise<void> {
  await agent?.stop();
  await server?.stop();
  process.exit(exitCode);
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
