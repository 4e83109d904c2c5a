/** `flowtrail audit`: who did what, as a server noted it. */
import { setTimeout as sleep } from "node:timers/promises";
import { type AuditLine, auditSentence } from "@flowtrail/model";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { callServer } from "../local-server.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { clean, cleanJson } from "../terminal/clean.ts";

interface Options extends ServerOptions {
  readonly since: string;
  readonly who?: string;
  readonly action?: string;
  readonly limit: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const LOOK_MS = 2000;
/** What was noted is in the store within a second, and what is over may be told again. */
const OVERLAP_MS = 5 * 60_000;

export function addAuditCommand(program: Command): void {
  addServerOptions(
    program.command("audit").description("who did what: sign-ins, changes, exports, searches, refusals; newest last"),
  )
    .option("--since <time>", "24h, 90d, or 2026-11-22T09:50:00Z", "24h")
    .option("--who <name>", "a part of a name, or the id of an account or a token")
    .option("--action <word>", "token.create, or token for all that begin so")
    .option("--limit <count>", "most entries to show: the newest ones", "200")
    .option("-f, --follow", "go on with what is noted from now on")
    .option("--json", "as JSON, an entry a line")
    .action(audit);
}

async function audit(options: Options, command: Command): Promise<void> {
  const { since, limit, follow = false, json = false } = options;
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > 1000)
    throw new CliError({ code: "USAGE" }, "--limit: expected a number from 1 to 1000");
  const server = chooseServer(options, command);
  const told = new Map<string, string>();
  const tell = (lines: readonly AuditLine[]) => {
    for (const line of [...lines].reverse()) {
      const now = JSON.stringify(line);
      if (told.get(line.id) === now) continue;
      told.set(line.id, now);
      process.stdout.write(`${json ? cleanJson(now) : clean(textOf(line))}\n`);
    }
  };
  tell(await linesOf(server, options, /^\d+[smhdw]$/.test(since) ? `-${since}` : since));
  while (follow) {
    await sleep(LOOK_MS);
    tell(await linesOf(server, { ...options, limit: "1000" }, new Date(Date.now() - OVERLAP_MS).toISOString()));
  }
}

async function linesOf(server: ChosenServer, { who, action, limit }: Options, from: string): Promise<readonly AuditLine[]> {
  const asked = new URLSearchParams({
    from,
    limit,
    ...(who === undefined ? {} : { who }),
    ...(action === undefined ? {} : { action }),
  });
  return (await callServer<{ entries: readonly AuditLine[] }>(server, "GET", `/api/audit?${asked}`)).entries;
}

function textOf(line: AuditLine): string {
  return `${line.time}  ${auditSentence(line)}${line.address === "" ? "" : `  [${line.address}]`}`;
}
