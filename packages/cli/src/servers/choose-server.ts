/** Which server a command asks, and as whom: the one place that decides it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { CliError, withAccess } from "../errors.ts";
import { findLocalServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";
import { type Context, contextsPath, readContexts } from "./contexts.ts";

export interface ServerOptions {
  readonly data: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly context?: string;
}

export interface ChosenServer {
  readonly url: string;
  readonly token: string | null;
}

/** The flags of every command that asks a server. */
export function addServerOptions(command: Command): Command {
  return command
    .option("--server <url>", "server to ask (or FLOWTRAIL_SERVER; else the context in use, else the server of this machine)")
    .option("--token-file <file>", "file that holds an API token for it (or FLOWTRAIL_TOKEN, the token itself)")
    .option("--context <name>", "a server by its name (flowtrail context)")
    .addOption(dataOption("the server of this machine, by its data directory"));
}

/**
 * Flags first (--server, --context, --data), then FLOWTRAIL_SERVER, then the context in use, then this machine's server.
 * @throws CliError USAGE, NO_SERVER, NO_ACCESS
 */
export function chooseServer(options: ServerOptions, command: Command, env: NodeJS.ProcessEnv = process.env): ChosenServer {
  const { server, context, data, tokenFile } = options;
  if (server !== undefined && context !== undefined)
    throw new CliError({ code: "USAGE" }, "either --server or --context: a context has a server of its own");
  const url = server ?? (context === undefined && !wasGiven(command, "data") ? env.FLOWTRAIL_SERVER || undefined : undefined);
  if (url !== undefined) return { url: checkedUrl(url), token: givenToken(tokenFile, env) ?? ownToken(url, data) };
  const named = context ?? (wasGiven(command, "data") ? null : readContexts().current);
  if (named !== null) {
    const found = readContexts().contexts[named];
    if (found === undefined)
      throw new CliError({ code: "USAGE" }, `there is no context ${JSON.stringify(named)} (flowtrail context list)`);
    const token = tokenFile === undefined ? tokenOf(named, found) : readToken(tokenFile);
    return { url: checkedUrl(found.server), token };
  }
  const local = requireServer(data);
  return { url: local.url, token: givenToken(tokenFile, {}) ?? local.token };
}

const wasGiven = (command: Command, option: string) => command.getOptionValueSource(option) === "cli";

function givenToken(file: string | undefined, env: NodeJS.ProcessEnv): string | null {
  if (file !== undefined) return readToken(file);
  return env.FLOWTRAIL_TOKEN?.trim() || null;
}

const readToken = (file: string) => withAccess(file, () => readFileSync(file, "utf8").trim());

/** The administrator's token of this machine's server goes to this machine only. */
export function ownToken(url: string, data: string): string | null {
  const host = new URL(url).hostname;
  const isHere = host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
  return isHere ? (findLocalServer(data)?.token ?? null) : null;
}

/** @throws CliError USAGE */
export function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  if (url === null || !isWeb || url.username !== "" || url.password !== "")
    throw new CliError(
      { code: "USAGE" },
      `${JSON.stringify(text)}: expected an address such as https://flowtrail.example.org:8080`,
    );
  return url.href;
}

const COMMAND_MS = 60_000;

/** @throws CliError USAGE if its command fails */
function tokenOf(name: string, { token, token_file: file, token_command: command }: Context): string | null {
  if (token !== undefined) return token;
  if (file !== undefined) return readToken(file);
  if (command === undefined) return null;
  try {
    const told = execFileSync("/bin/sh", ["-c", command], {
      encoding: "utf8",
      stdio: ["inherit", "pipe", "inherit"],
      timeout: COMMAND_MS,
    });
    return told.trim();
  } catch (cause) {
    const text = `context ${name}: its token command failed (${contextsPath()} says which)`;
    throw new CliError({ code: "USAGE" }, text, { cause });
  }
}
