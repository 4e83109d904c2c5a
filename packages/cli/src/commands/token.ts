/** `flowtrail token`, `flowtrail link`: credentials, made by whoever can read the server's data directory. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createTokenOffline } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError, checkNodeName } from "../errors.ts";
import { grantText } from "../grant-options.ts";
import { callServer, findLocalServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";
import { createAgentToken, signInLink } from "../server-client.ts";
import { type ApiTokenOptions, addApiOptions, createApiToken } from "./token-api.ts";
import { addEnrolOptions, addRotateCommand, createEnrolToken, type EnrolOptions } from "./token-enrol.ts";

interface TokenInfo {
  readonly id: string;
  readonly kind: string;
  readonly node: string | null;
  readonly name: string;
  readonly created: string;
  readonly last_used: string | null;
  readonly last_address: string | null;
  readonly uses: { readonly made: number; readonly of: number } | null;
  readonly role: string | null;
  readonly networks: readonly string[] | null;
  readonly own: string | null;
  readonly expires: string | null;
}

export function addTokenCommands(program: Command): void {
  const token = program.command("token").description("credentials of agents and programs");
  const data = (command: Command) => command.addOption(dataOption("data directory of the server on this machine"));

  data(addApiOptions(addEnrolOptions(token.command("create").description("make a token and print it: it is shown only now"))))
    .option("--node <name>", "for an agent: it can report as this node only")
    .option("--expires <time>", "until it is worthless, such as 1h or 90d; with --enrol (default: 1d) and --api (default: never)")
    .option("--json", "as JSON")
    .action(create);
  addRotateCommand(token, data);
  data(token.command("list").description("tokens, without their secrets")).option("--json", "as JSON").action(list);
  data(
    token.command("revoke").description("take a token back at once").argument("<id>", "its id, as `token list` shows it"),
  ).action(revoke);
  data(program.command("link").description("print a link that signs a browser in, once")).action(
    async (options: { data: string }) => {
      process.stdout.write(`${await signInLink(requireServer(options.data))}\n`);
    },
  );
}

type CreateOptions = EnrolOptions & ApiTokenOptions & { api?: boolean; enrol?: boolean };

async function create(options: CreateOptions): Promise<void> {
  checkFlags(options);
  if (options.enrol && !options.api) return createEnrolToken(options);
  if ((options.node === undefined) === !options.api)
    throw new CliError(
      { code: "USAGE" },
      "say whom the token is for: --node NAME (an agent), --enrol (agents that are to come) or --api (a program)",
    );
  if (options.node !== undefined) checkNodeName(options.node);
  const kind = options.node === undefined ? "api" : "agent";
  const running = findLocalServer(options.data);
  if (!running && !existsSync(join(options.data, "admin.token")))
    process.stderr.write(
      `flowtrail: no server has used ${options.data} so far: the token is good for one that is started with --data ${options.data}\n`,
    );
  const made =
    options.node === undefined
      ? await createApiToken(running, options)
      : await (running
          ? createAgentToken(running, options.node)
          : createTokenOffline(options.data, { kind, node: options.node }));
  process.stdout.write(
    options.json
      ? `${JSON.stringify({ id: made.id, kind, node: options.node ?? null, token: made.token })}\n`
      : `${made.token}\n`,
  );
}

const OF_ENROL = ["uses", "nodePrefix", "replace"] as const;
const OF_API = ["name", "role", "own"] as const;
const OF_BOTH = ["expires", "network"] as const;

/** @throws CliError USAGE for a flag of another kind of token */
function checkFlags(options: CreateOptions): void {
  const foreign = [
    ...(options.enrol ? [] : OF_ENROL.map((name) => [name, "--enrol"] as const)),
    ...(options.api ? [] : OF_API.map((name) => [name, "--api"] as const)),
    ...(options.enrol || options.api ? [] : OF_BOTH.map((name) => [name, "--enrol or --api"] as const)),
  ].find(([name]) => options[name] !== undefined);
  if (foreign === undefined) return;
  const [name, whose] = foreign;
  throw new CliError({ code: "USAGE" }, `--${name === "nodePrefix" ? "node-prefix" : name} goes with ${whose}`);
}

async function list(options: { data: string; json?: boolean }): Promise<void> {
  const { tokens } = await callServer<{ tokens: TokenInfo[] }>(requireServer(options.data), "GET", "/api/tokens");
  if (options.json) process.stdout.write(`${JSON.stringify(tokens, null, 2)}\n`);
  else for (const token of tokens) process.stdout.write(`${lineOf(token)}\n`);
}

async function revoke(id: string, options: { data: string }): Promise<void> {
  await callServer(requireServer(options.data), "DELETE", `/api/tokens/${encodeURIComponent(id)}`);
  process.stderr.write(`token ${id} is revoked\n`);
}

function lineOf(token: TokenInfo): string {
  const { id, kind, node, name, created, last_used, last_address, uses, role, networks, own, expires } = token;
  const whom = uses === null ? (node ?? name) : `${name} (${uses.made} of ${uses.of} used)`;
  const used = last_used === null ? "never used" : `used ${last_used} from ${last_address}`;
  const grant = role === null ? "" : `  ${grantText({ role, networks, own })}`;
  const until = expires === null ? "" : `  until ${expires}`;
  return `${id.padEnd(36)}  ${kind.padEnd(7)}  ${whom.padEnd(20)}  made ${created}  ${used}${grant}${until}`;
}
