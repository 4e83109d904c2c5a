/** `flowtrail alert-rules`: what is looked for; out of a server and into one as YAML; what a rule would have found. */
import { readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import type { AlertRuleReport, AlertTestLine } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { wholeNumber } from "../ask/limits.ts";
import { shownTime } from "../ask/moments.ts";
import { CliError, withAccess } from "../errors.ts";
import { callServer } from "../local-server.ts";
import { getJson, linesOf, open, pathOf } from "../servers/api.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { clean, cleanJson } from "../terminal/clean.ts";
import { openOutput } from "../terminal/output.ts";
import { addShowOptions, type ShownOptions } from "../terminal/show-options.ts";
import { tableLines } from "../terminal/table.ts";

interface ListOptions extends ServerOptions, ShownOptions {
  readonly output: "table" | "json";
}

interface TestOptions extends ServerOptions, ShownOptions {
  readonly days: number;
  readonly output: "text" | "json";
}

const PATH = "/api/alert-rules";

export function addAlertRulesCommands(program: Command): void {
  const rules = program
    .command("alert-rules")
    .description("what is looked for: list, take out and bring in as YAML, try on the past");
  const list = rules.command("list", { isDefault: true }).description("the rules, and how each does");
  addServerOptions(list).addOption(
    new Option("-o, --output <format>", "table or json (a rule a line)").choices(["table", "json"]).default("table"),
  );
  addShowOptions(list).action(show);

  addServerOptions(rules.command("export").description("own and changed rules as YAML"))
    .option("--all", "also those that are as they came")
    .option("--id <rule>", "this one only")
    .option("-o, --output <file>", "file to write, or - for standard output", "-")
    .action(exportRules);
  addServerOptions(rules.command("import").description("take rules from YAML, all or none; those of the same id are changed"))
    .argument("<file>", "YAML, or - for standard input")
    .option("--dry-run", "only say what would change")
    .action(importRules);
  const test = rules.command("test").description("what a rule would have found in the last days").argument("<id>", "as listed");
  addServerOptions(test)
    .option("--days <count>", "look back so far", wholeNumber(1, 31), 7)
    .addOption(new Option("-o, --output <format>", "text or json (the API's lines)").choices(["text", "json"]).default("text"));
  addShowOptions(test).action(tryRule);
}

const rulesOf = async (server: ChosenServer) => (await getJson<{ rules: readonly AlertRuleReport[] }>(server, PATH)).rules;

interface ExportOptions extends ServerOptions {
  readonly all?: boolean;
  readonly id?: string;
  readonly output: string;
}

async function exportRules(options: ExportOptions, command: Command): Promise<void> {
  const { all = false, id, output } = options;
  const path = pathOf(`${PATH}/export`, { which: all ? "all" : "own", id });
  const yaml = await text(await open(chooseServer(options, command), path, { accept: "application/yaml" }));
  if (output === "-") process.stdout.write(yaml);
  else withAccess(output, () => writeFileSync(output, yaml));
}

interface Imported {
  readonly changes: readonly {
    readonly id: string;
    readonly what: "added" | "changed" | "unchanged";
    readonly differences: readonly string[];
  }[];
}

async function importRules(file: string, options: ServerOptions & { dryRun?: boolean }, command: Command): Promise<void> {
  const { dryRun = false } = options;
  const yaml = withAccess(file, () => readFileSync(file === "-" ? 0 : file, "utf8"));
  const path = pathOf(`${PATH}/import`, { dry_run: String(dryRun) });
  const { changes } = await callServer<Imported>(chooseServer(options, command), "POST", path, { yaml });
  for (const { id, what, differences } of changes)
    process.stdout.write(
      `${clean(`${what.padEnd(9)}  ${id}${differences.length === 0 ? "" : `: ${differences.join("; ")}`}`)}\n`,
    );
  if (dryRun) process.stderr.write("nothing was changed (--dry-run)\n");
}

async function show(options: ListOptions, command: Command): Promise<void> {
  const rules = await rulesOf(chooseServer(options, command));
  const output = openOutput(options, options.output === "table");
  const lines =
    options.output === "json"
      ? rules.map((rule) => cleanJson(JSON.stringify(rule)))
      : tableLines<AlertRuleReport>(
          [
            { title: "ID", text: ({ id }) => id },
            { title: "SEVERITY", text: ({ severity }) => severity },
            {
              title: "STATE",
              text: ({ status }) => status.state,
              colour: ({ status: { state } }) =>
                state === "ok" ? "green" : state === "failing" || state === "stopped" ? "red" : "dim",
            },
            { title: "OPEN", text: ({ status }) => String(status.open), align: "right" },
            { title: "NAME", text: ({ name }) => name, least: 16, spare: 1 },
            { title: "FROM", text: ({ origin }) => origin, spare: 2 },
            { title: "NOTE", text: ({ status }) => status.error ?? status.notes.join("; "), least: 16, spare: 3 },
          ],
          rules,
          output,
        );
  await output.write(lines.map((line) => `${line}\n`).join(""));
  await output.end();
}

async function tryRule(id: string, options: TestOptions, command: Command): Promise<void> {
  const server = chooseServer(options, command);
  const found = (await rulesOf(server)).find((rule) => rule.id === id);
  if (found === undefined)
    throw new CliError({ code: "USAGE" }, `there is no rule ${JSON.stringify(id)} (flowtrail alert-rules list)`);
  const { shipped: _s, origin: _o, changed: _c, status: _t, ...rule } = found;
  const body = await open(server, `${PATH}/test`, { accept: "application/x-ndjson", body: { rule, days: options.days } });
  for await (const line of linesOf(body)) {
    if (line === "") continue;
    const told = JSON.parse(line) as AlertTestLine;
    if (told.kind === "error")
      throw new CliError({ code: "SERVER_REFUSED", url: server.url, status: 500, reason: told.code }, told.message);
    if (options.output === "json") process.stdout.write(`${cleanJson(line)}\n`);
    else tellTest(told, { utc: options.utc ?? false });
  }
}

function tellTest(line: Exclude<AlertTestLine, { kind: "error" }>, zone: { utc: boolean }): void {
  if (line.kind === "fired") process.stdout.write(`${shownTime(Date.parse(line.since), zone)}  ${clean(line.summary)}\n`);
  if (line.kind === "progress" && process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line.windows} of ${line.of} windows\r`);
  if (line.kind !== "done") return;
  const times = line.fired === 0 ? "never" : line.fired === 1 ? "once" : `${line.fired} times`;
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  for (const note of [...(line.partial === null ? [] : [line.partial]), ...line.notes]) process.stderr.write(`${clean(note)}\n`);
  process.stdout.write(`it would have fired ${times}\n`);
}
