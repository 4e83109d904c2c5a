/** `flowtrail context`: several servers by name. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { CliError, withAccess } from "../errors.ts";
import { checkedUrl } from "../servers/choose-server.ts";
import { type Context, type Contexts, contextsPath, readContexts, writeContexts } from "../servers/contexts.ts";
import { clean } from "../terminal/clean.ts";
import { plain } from "../terminal/style.ts";
import { tableLines } from "../terminal/table.ts";

interface AddOptions {
  readonly server: string;
  readonly tokenFile?: string;
  readonly tokenCommand?: string;
  readonly tokenStdin?: boolean;
  readonly use?: boolean;
  readonly force?: boolean;
}

export function addContextCommands(program: Command): void {
  const context = program
    .command("context")
    .description("servers by name, each with its token: in XDG_CONFIG_HOME/flowtrail/contexts.json, for you alone");
  context
    .command("add")
    .description("give a server a name; the first one is used from then on")
    .argument("<name>", "letters, digits and _ . -")
    .requiredOption("--server <url>", "where it is")
    .option("--token-stdin", "read an API token from standard input and keep it in the file of contexts")
    .option("--token-file <file>", "read the token from this file each time")
    .option("--token-command <command>", "run this each time (sh); it prints the token: 'pass show flowtrail'")
    .option("--use", "use it from now on")
    .option("--force", "in place of the one of that name")
    .action(add);
  context.command("use").description("ask this server where nothing else is said").argument("<name>").action(use);
  context
    .command("list")
    .description("what there is; * is the one in use")
    .option("--json", "as JSON, without tokens")
    .action(list);
  context.command("remove").description("forget a server and its token").argument("<name>").action(remove);
}

function add(name: string, options: AddOptions): void {
  if (!/^[\w.-]{1,64}$/.test(name) || name === "__proto__")
    throw new CliError({ code: "USAGE" }, `${JSON.stringify(name)}: expected up to 64 letters, digits and _ . -`);
  const server = checkedUrl(options.server);
  const kept = readContexts();
  if (Object.hasOwn(kept.contexts, name) && !options.force)
    throw new CliError({ code: "USAGE" }, `there is a context ${name} already: --force writes over it`);
  const contexts = { ...kept.contexts, [name]: { server, ...tokenFrom(options) } };
  const current = options.use || kept.current === null ? name : kept.current;
  writeContexts({ current, contexts });
  process.stderr.write(`${name} is ${clean(server)}${current === name ? ", and in use" : `; flowtrail context use ${name}`}\n`);
}

/** @throws CliError USAGE */
function tokenFrom({ tokenFile, tokenCommand, tokenStdin }: AddOptions): Omit<Context, "server"> {
  const ways = [tokenFile, tokenCommand, tokenStdin].filter((way) => way !== undefined);
  if (ways.length > 1) throw new CliError({ code: "USAGE" }, "only one of --token-stdin, --token-file and --token-command");
  if (tokenFile !== undefined) {
    const file = resolve(tokenFile);
    if (!existsSync(file)) throw new CliError({ code: "USAGE" }, `there is no file ${file}`);
    return { token_file: file };
  }
  if (tokenCommand !== undefined) return { token_command: tokenCommand };
  if (!tokenStdin) return {};
  const token = withAccess("standard input", () => readFileSync(0, "utf8").trim());
  if (token === "" || /\s/.test(token)) throw new CliError({ code: "USAGE" }, "--token-stdin: expected a token and nothing else");
  return { token };
}

function use(name: string): void {
  const kept = readContexts();
  known(kept, name);
  writeContexts({ ...kept, current: name });
}

function remove(name: string): void {
  const kept = readContexts();
  known(kept, name);
  const { [name]: _, ...contexts } = kept.contexts;
  writeContexts({ current: kept.current === name ? null : kept.current, contexts });
}

function known({ contexts }: Contexts, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(contexts);
  const there = names.length === 0 ? "there are none (flowtrail context add)" : `there are ${names.join(", ")}`;
  throw new CliError({ code: "USAGE" }, `there is no context ${JSON.stringify(name)}; ${there}`);
}

function list({ json = false }: { json?: boolean }): void {
  const { current, contexts } = readContexts();
  const rows = Object.entries(contexts).map(([name, context]) => ({
    name,
    server: context.server,
    current: name === current,
    token: tokenSource(context),
  }));
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    process.stderr.write(`no contexts in ${contextsPath()}: flowtrail context add NAME --server URL --token-stdin\n`);
    return;
  }
  const columns = [
    { title: "", text: (row: (typeof rows)[number]) => (row.current ? "*" : "") },
    { title: "NAME", text: (row: (typeof rows)[number]) => row.name },
    { title: "SERVER", text: (row: (typeof rows)[number]) => row.server },
    { title: "TOKEN", text: (row: (typeof rows)[number]) => row.token },
  ];
  process.stdout.write(`${tableLines(columns, rows, { width: null, style: plain }).join("\n")}\n`);
}

function tokenSource({ token, token_file: file, token_command: command }: Context): string {
  if (token !== undefined) return "kept here";
  return file ?? (command === undefined ? "none" : `by: ${command}`);
}
