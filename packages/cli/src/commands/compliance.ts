/** `flowtrail verify` and `flowtrail compliance`: whether days are what was signed of them, and documents for auditors. */
import { readFileSync, writeFileSync } from "node:fs";
import { formatCount } from "@flowtrail/model";
import { type Command, Option } from "commander";
import { CliError, withAccess } from "../errors.ts";
import { callServer, messageOf, unreachable } from "../local-server.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { clean, cleanJson } from "../terminal/clean.ts";

interface Verdict {
  readonly day: string;
  readonly state: string;
  readonly rows: number | null;
  readonly why: readonly string[];
}

interface Verified {
  readonly whole: boolean;
  readonly chain: readonly string[];
  readonly days: readonly Verdict[];
  readonly public_key: string | null;
}

interface VerifyOptions extends ServerOptions {
  readonly since?: string;
  readonly until?: string;
  readonly manifests?: string;
  readonly publicKey?: string;
  readonly json?: boolean;
}

interface ReportOptions extends ServerOptions {
  readonly kind: string;
  readonly since: string;
  readonly until: string;
  readonly query?: string;
  readonly format: string;
  readonly output: string;
  readonly force?: boolean;
}

const KINDS = ["by-user", "by-source", "by-resource", "external", "unanswered", "changes", "looked"];

export function addComplianceCommands(program: Command): void {
  addServerOptions(
    program
      .command("verify")
      .description("whether days are what their signed manifests say; exit code 1 if one is altered or missing"),
  )
    .option("--since <day>", "first day, in UTC: 2026-11-01 (default: all that were signed)")
    .option("--until <day>", "last day")
    .option("--manifests <file>", "compare with manifests that were kept elsewhere (flowtrail compliance manifests)")
    .option("--public-key <file>", "check signatures with this key, and not with the one that the server tells")
    .option("--json", "as JSON")
    .action(verify);
  const compliance = program.command("compliance").description("documents for auditors");
  addServerOptions(compliance.command("report").description("who reached what; who changed, looked at and took out what"))
    .addOption(new Option("--kind <kind>", "what it tells").choices(KINDS).makeOptionMandatory())
    .option("--since <time>", "-7d, or 2026-11-01T00:00:00Z", "-7d")
    .option("--until <time>", "not in the range itself", "now")
    .option("-q, --query <filter>", "only flows that pass")
    .addOption(new Option("--format <format>", "html: to print").choices(["html", "csv"]).default("html"))
    .option("-o, --output <file>", "file to write, or - for standard output", "-")
    .option("--force", "write over FILE")
    .action(report);
  addServerOptions(compliance.command("manifests").description("the signed manifests, one a line, to keep elsewhere"))
    .option("-o, --output <file>", "file to write, or - for standard output", "-")
    .option("--force", "write over FILE")
    .action(async (options: ReportOptions, command: Command) => {
      save(await textOf(chooseServer(options, command), "/api/compliance/manifests/export"), options);
    });
  addServerOptions(compliance.command("public-key").description("the key that manifests are checked with, as PEM")).action(
    async (options: ServerOptions, command: Command) => {
      const path = "/api/compliance/manifests";
      const { public_key } = await callServer<{ public_key: string | null }>(chooseServer(options, command), "GET", path);
      if (public_key === null) throw new CliError({ code: "NOTHING_FOUND" }, "nothing was signed yet");
      process.stdout.write(public_key);
    },
  );
}

async function verify(
  { since, until, manifests, publicKey, json = false, ...options }: VerifyOptions,
  command: Command,
): Promise<void> {
  const server = chooseServer({ ...options }, command);
  const asked = new URLSearchParams({ ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) });
  const told = await callServer<Verified>(server, "GET", `/api/compliance/verify?${asked}`);
  let found: Pick<Verified, "whole" | "chain" | "days"> = told;
  if (manifests !== undefined || publicKey !== undefined) {
    const read = (path: string) => withAccess(path, () => readFileSync(path, "utf8"));
    // It knows how manifests are checked, and with that all of the server's code.
    const { verifyElsewhere } = await import("./verify-elsewhere.ts");
    found = await verifyElsewhere(server, told, {
      kept: manifests === undefined ? null : read(manifests),
      publicKey: publicKey === undefined ? null : read(publicKey),
    });
  }
  const { whole, chain, days } = found;
  if (json) process.stdout.write(`${cleanJson(JSON.stringify({ whole, chain, days }))}\n`);
  else process.stdout.write(textOfDays(days, chain));
  if (!whole) process.exitCode = 1;
}

function textOfDays(days: readonly Verdict[], chain: readonly string[]): string {
  if (days.length === 0 && chain.length === 0)
    return "There are no signed days yet: the first one is signed some hours after its end.\n";
  const lines = days.flatMap(({ day, state, rows, why }) => [
    `${day}  ${state.padEnd(8)}${rows === null ? "" : `  ${formatCount(rows)} reports`}`,
    ...why.map((text) => `            ${text}`),
  ]);
  const wrong = chain.map((text) => `manifests: ${text}`);
  return [...lines, ...wrong].map((line) => `${clean(line).trimEnd()}\n`).join("");
}

async function report(options: ReportOptions, command: Command): Promise<void> {
  const { kind, since, until, format, query } = options;
  const asked = new URLSearchParams({ kind, from: since, to: until, format, ...(query === undefined ? {} : { q: query }) });
  save(await textOf(chooseServer(options, command), `/api/compliance/report?${asked}`), options);
}

async function textOf({ url, token }: ChosenServer, path: string): Promise<string> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(new URL(path, url), { headers }).catch((cause: unknown) => {
    throw unreachable(url, cause);
  });
  const text = await answer.text();
  const { status } = answer;
  if (!answer.ok) throw new CliError({ code: "SERVER_REFUSED", url, status }, `compliance: ${status} ${messageOf(text)}`);
  return text;
}

function save(text: string, { output, force = false }: Pick<ReportOptions, "output" | "force">): void {
  if (output === "-") {
    process.stdout.write(text);
    return;
  }
  try {
    withAccess(output, () => writeFileSync(output, text, { flag: force ? "w" : "wx" }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new CliError({ code: "USAGE" }, `${output} is there already: --force writes over it`);
  }
}
