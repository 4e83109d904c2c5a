/** The agent as a program: arguments, log, signals, exit code. */
import { existsSync } from "node:fs";
import { Agent } from "./agent.ts";
import { helpText, readArguments } from "./arguments.ts";
import { type AgentConfigInputs, isLoopback, loadAgentConfig } from "./config.ts";
import { EXIT_CODES, exitCodeOf } from "./errors.ts";
import { VERSION } from "./facts.ts";
import { tokenFileWarning } from "./ship/token.ts";
import { makeLogger } from "./status/logger.ts";
import { dropUnusedPages } from "./unused-pages.ts";

/**
 * Runs an agent until it is asked to stop (SIGINT, SIGTERM, SIGHUP; a second one ends the process at once). Resolves with the exit code,
 * see EXIT_CODES; what went wrong stands on stderr.
 */
export async function agentMain(argv: readonly string[], env: NodeJS.ProcessEnv, program = "flowtrail agent"): Promise<number> {
  try {
    const { wants, flags = {}, file } = readArguments(argv);
    if (wants === "run") return await run({ flags, env, file });
    process.stdout.write(wants === "help" ? helpText(program) : `${VERSION}\n`);
    return EXIT_CODES.ok;
  } catch (error) {
    const code = exitCodeOf(error);
    const message = error instanceof Error ? (code === EXIT_CODES.unexpected ? error.stack : error.message) : String(error);
    process.stderr.write(`${program}: ${message}\n`);
    return code;
  }
}

async function run(inputs: AgentConfigInputs): Promise<number> {
  const { config, warnings } = loadAgentConfig(inputs);
  const log = makeLogger(config.log.level, process.stderr.isTTY);
  for (const warning of warnings) log.warn(warning);
  if (config.server.protocol === "http:" && !isLoopback(config.server)) {
    log.warn(`${config.server.origin} is not encrypted: token and flows can be read on the way. Use https`);
  }
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "a mistake of ours: the agent ends; the spool keeps what was recorded");
    process.exit(EXIT_CODES.unexpected);
  });
  // Programs that the agent starts have no business with it.
  delete process.env.FLOWTRAIL_ENROL_TOKEN;
  const agent = new Agent(config, log);
  for (const path of [config.token_file, config.enrol_token_file]) {
    const exposed = path === undefined || !existsSync(path) ? null : tokenFileWarning(path);
    if (exposed !== null) log.warn(exposed);
  }
  const signal = nextSignal();
  await agent.start();
  setTimeout(
    () => log.debug({ bytes: dropUnusedPages() }, "pages that only the start needed are given back"),
    STARTED_MS,
  ).unref();
  log.info(`stopping (${await signal})`);
  void nextSignal().then((name) => {
    log.warn(`ending at once (${name}); the spool keeps what was recorded`);
    process.exit(EXIT_CODES.ok);
  });
  await agent.stop();
  return EXIT_CODES.ok;
}

/** By then everything that an agent does has been done once. */
const STARTED_MS = 15_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function nextSignal(): Promise<string> {
  return new Promise((resolve) => {
    const heard = (name: NodeJS.Signals): void => {
      for (const each of SIGNALS) process.off(each, heard);
      resolve(name);
    };
    for (const each of SIGNALS) process.on(each, heard);
  });
}
