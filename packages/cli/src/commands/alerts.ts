/** `flowtrail alerts`: what is wrong now, what has been, and who takes care of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { ALERT_SEVERITIES, ALERT_STATES, type Alert, type AlertList, type AlertState, parseDuration } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { wholeNumber } from "../ask/limits.ts";
import { shownTime } from "../ask/moments.ts";
import { CliError, EXIT_INTERRUPTED } from "../errors.ts";
import { callServer } from "../local-server.ts";
import { getJson } from "../servers/api.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { clean, cleanJson } from "../terminal/clean.ts";
import { type Output, openOutput } from "../terminal/output.ts";
import { addShowOptions, type ShownOptions } from "../terminal/show-options.ts";
import { alertLine, alertTable, idLength } from "./alerts-text.ts";

interface ListOptions extends ServerOptions, ShownOptions {
  readonly state: readonly AlertState[];
  readonly rule?: string;
  readonly severity?: string;
  readonly limit: number;
  readonly follow?: boolean;
  readonly output: "table" | "compact" | "json";
  readonly failIfAny?: boolean;
}

interface TouchOptions extends ServerOptions {
  readonly note?: string;
  readonly for?: string;
  readonly labels?: boolean;
}

const PATH = "/api/alerts";
const PAGE = 1000;
const LOOK_MS = 3000;
const ALIVE = ["open", "acknowledged", "silenced"] as const;

export function addAlertsCommand(program: Command): void {
  const alerts = program
    .command("alerts")
    .description("what is wrong now (open alerts), what has been, and who takes care of it");
  const list = alerts
    .command("list", { isDefault: true })
    .description("alerts, newest first; open ones unless --state says another");
  addServerOptions(list)
    .addOption(
      new Option("--state <state>", `${ALERT_STATES.join(", ")} or all; again or with commas: any of them`)
        .argParser(statesOf)
        .default(["open"], "open"),
    )
    .option("--rule <id>", "of this rule only")
    .addOption(new Option("--severity <severity>", "this one only").choices(ALERT_SEVERITIES))
    .option("-n, --limit <count>", "most alerts, the newest ones", wholeNumber(1, 100_000), 100)
    .option("-f, --follow", "go on: a line for each alert that comes or changes, until Ctrl-C")
    .addOption(
      new Option("-o, --output <format>", "table, compact (a line each) or json (an alert a line)")
        .choices(["table", "compact", "json"])
        .default("table"),
    )
    .option("--fail-if-any", "exit code 1 if there is such an alert, for scripts that watch");
  addShowOptions(list).action((options: ListOptions, command: Command) => show(options, command));

  touching(alerts, "ack", "somebody takes care of it")
    .option("--note <text>", "what is done about it")
    .action(async (ids: string[], options: TouchOptions, command: Command) => {
      await each(ids, chooseServer(options, command), "acknowledge", { note: options.note ?? "" });
    });
  touching(alerts, "silence", "not to be heard of for some time")
    .requiredOption("--for <time>", "30m, 8h, 7d")
    .option("--labels", "also what the rule finds of the same labels later")
    .option("--note <text>", "why")
    .action(async (ids: string[], options: TouchOptions, command: Command) => {
      const ms = parseDuration(options.for ?? "");
      if (ms === null || ms < 1000) throw new CliError({ code: "USAGE" }, "--for: expected a time such as 30m, 8h or 7d");
      const body = { for_s: Math.round(ms / 1000), scope: options.labels ? "labels" : "alert", note: options.note ?? "" };
      await each(ids, chooseServer(options, command), "silence", body);
    });
  touching(alerts, "reopen", "open again what was acknowledged or silenced").action(
    async (ids: string[], options: TouchOptions, command: Command) => {
      await each(ids, chooseServer(options, command), "reopen", {});
    },
  );
}

function touching(alerts: Command, name: string, description: string): Command {
  return addServerOptions(
    alerts.command(name).description(description).argument("<id...>", "as listed; its beginning is enough"),
  );
}

function statesOf(text: string, before: readonly string[] | undefined): readonly string[] {
  const named = text === "all" ? [...ALERT_STATES] : text.split(",");
  const wrong = named.find((state) => !ALERT_STATES.some((known) => known === state));
  if (wrong !== undefined)
    throw new CliError({ code: "USAGE" }, `--state ${JSON.stringify(wrong)}: expected ${ALERT_STATES.join(", ")} or all`);
  // The default is one word.
  return before === undefined || before.length === 1 ? named : [...before, ...named];
}

async function show(options: ListOptions, command: Command): Promise<void> {
  const server = chooseServer(options, command);
  const { follow = false, output: format, utc = false } = options;
  const output = openOutput(options, !follow && format !== "json");
  const found = await alertsOf(server, options);
  if (follow) return watch(server, options, found, output);
  const text =
    format === "json"
      ? found.map((alert) => `${cleanJson(JSON.stringify(alert))}\n`).join("")
      : format === "compact"
        ? found.map((alert) => `${alertLine(alert, { utc }, output.style)}\n`).join("")
        : found.length === 0
          ? ""
          : `${alertTable(found, { utc }, output).join("\n")}\n`;
  await output.write(text);
  await output.end();
  if (found.length === 0 && format !== "json") process.stderr.write(`no ${options.state.join(" or ")} alerts\n`);
  if (found.length > 0 && options.failIfAny) process.exitCode = 1;
}

type Asked = Pick<ListOptions, "state" | "rule" | "severity" | "limit">;

/** Newest first. */
async function alertsOf(server: ChosenServer, { state, rule, severity, limit }: Asked): Promise<Alert[]> {
  const found: Alert[] = [];
  let cursor: string | undefined;
  do {
    const size = String(Math.min(PAGE, limit - found.length));
    const page: AlertList = await getJson(server, PATH, { state: state.join(","), rule, severity, limit: size, cursor });
    found.push(...page.alerts);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && found.length < limit);
  return found;
}

async function watch(server: ChosenServer, options: ListOptions, begun: readonly Alert[], output: Output): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => {
    process.exitCode = EXIT_INTERRUPTED;
    stop.abort();
  });
  process.once("SIGTERM", () => stop.abort());
  const told = new Map<string, AlertState>();
  let isAway = false;
  for (let found = [...begun]; !stop.signal.aborted; found = await again()) {
    for (const alert of found.reverse()) {
      if (told.get(alert.id) === alert.state) continue;
      // What was over before anybody looked is no news.
      told.set(alert.id, alert.state);
      if (!options.state.includes(alert.state)) continue;
      const { utc = false } = options;
      await output.write(
        options.output === "json" ? `${cleanJson(JSON.stringify(alert))}\n` : `${alertLine(alert, { utc }, output.style)}\n`,
      );
    }
    await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  async function again(): Promise<Alert[]> {
    if (stop.signal.aborted) return [];
    try {
      const news = await alertsOf(server, options);
      if (isAway) process.stderr.write(`${shownTime(Date.now(), { utc: options.utc ?? false })}  the server answers again\n`);
      isAway = false;
      return news;
    } catch (error) {
      if (
        !(error instanceof CliError) ||
        (error.data.code === "SERVER_REFUSED" && error.data.status < 500 && error.data.status !== 429)
      )
        throw error;
      if (!isAway) process.stderr.write(`${clean(error.message)}; trying again …\n`);
      isAway = true;
      return [];
    }
  }
}

async function each(
  ids: readonly string[],
  server: ChosenServer,
  action: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const known = await alertsOf(server, { state: [...ALIVE], limit: 100_000 });
  // All are known before the first is touched.
  const chosen = ids.map((id) => oneOf(known, id));
  for (const { id, summary } of chosen) {
    await callServer(server, "POST", `${PATH}/${encodeURIComponent(id)}/${action}`, body);
    process.stderr.write(`${clean(id.slice(0, idLength(known)))}  ${clean(summary)}\n`);
  }
}

function oneOf(known: readonly Alert[], begun: string): Alert {
  const exact = known.find(({ id }) => id === begun);
  const found = exact === undefined ? known.filter(({ id }) => id.startsWith(begun)) : [exact];
  const [alert] = found;
  if (alert !== undefined && found.length === 1) return alert;
  const what = found.length === 0 ? "no open, acknowledged or silenced alert" : "more than one alert";
  throw new CliError(
    { code: "USAGE" },
    `${what} begins with ${JSON.stringify(begun)} (flowtrail alerts --state open,acknowledged,silenced)`,
  );
}
