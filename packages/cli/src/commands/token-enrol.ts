/** `flowtrail token create --enrol`, `flowtrail token rotate`: how agents come by their tokens, and change them. */
import { parseDuration } from "@flowtrail/model";
import type { Command } from "commander";
import { CliError, checkNodeName } from "../errors.ts";
import { collect } from "../grant-options.ts";
import { callServer, requireServer } from "../local-server.ts";

export interface EnrolOptions {
  readonly data: string;
  readonly node?: string;
  readonly nodePrefix?: string;
  readonly uses?: string;
  readonly expires?: string;
  readonly network?: readonly string[];
  readonly replace?: boolean;
  readonly json?: boolean;
}

interface MadeEnrolToken {
  readonly id: string;
  readonly token: string;
  readonly uses: number;
  readonly expires: string;
}

export function addEnrolOptions(command: Command): Command {
  return command
    .option("--enrol", "for agents that are to come: each changes it for a token of its own when it starts")
    .option("--uses <number>", "with --enrol: so many nodes (default: 1)")
    .option(
      "--network <id>",
      "with --enrol: its agents may report this network only; with --api: a viewer sees only this one; may be repeated, or a,b",
      collect,
    )
    .option("--node-prefix <text>", "with --enrol: for nodes whose name begins with this")
    .option("--replace", "with --enrol: a node that there is already may be taken over");
}

export function addRotateCommand(token: Command, data: (command: Command) => Command): void {
  data(token.command("rotate").description("change the token of a node's agent; the old one goes on until the new one is used"))
    .requiredOption("--node <name>", "whose")
    .option("--print", "make and print the new one, for you to bring it there (default: the agent gets it by itself)")
    .action(rotate);
}

export async function createEnrolToken(options: EnrolOptions): Promise<void> {
  const { node, nodePrefix, network, replace = false } = options;
  for (const name of [node, nodePrefix]) if (name !== undefined) checkNodeName(name);
  const made = await callServer<MadeEnrolToken>(requireServer(options.data), "POST", "/api/tokens/enrol", {
    uses: usesOf(options.uses),
    replace,
    ...(options.expires === undefined ? {} : { expires_s: secondsOf(options.expires) }),
    ...(node === undefined ? {} : { node }),
    ...(nodePrefix === undefined ? {} : { node_prefix: nodePrefix }),
    ...(network === undefined ? {} : { networks: network }),
  });
  if (options.json)
    process.stdout.write(`${JSON.stringify({ id: made.id, kind: "enrol", node: node ?? null, token: made.token })}\n`);
  else process.stdout.write(`${made.token}\n`);
  process.stderr.write(`good for ${made.uses === 1 ? "one node" : `${made.uses} nodes`}, until ${made.expires}\n`);
}

async function rotate(options: { data: string; node: string; print?: boolean }): Promise<void> {
  checkNodeName(options.node);
  const { token } = await callServer<{ token: string | null }>(requireServer(options.data), "POST", "/api/tokens/rotate", {
    node: options.node,
    show: options.print ?? false,
  });
  if (token !== null) process.stdout.write(`${token}\n`);
  else
    process.stderr.write(
      `the agent of ${options.node} changes its token when it asks for its configuration next (within a minute)\n`,
    );
}

function usesOf(text = "1"): number {
  if (!/^\d{1,5}$/.test(text)) throw new CliError({ code: "USAGE" }, `--uses: expected a whole number, not ${text}`);
  return Number(text);
}

function secondsOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new CliError({ code: "USAGE" }, `--expires: expected a time such as 1h or 7d, not ${text}`);
  return Math.round(ms / 1000);
}
