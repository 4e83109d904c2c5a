/** A Netmaker server as the command line names it. */
import type { IncomingHttpHeaders } from "node:http";
import { type NetmakerAsk, NetmakerClient, NetmakerError } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError } from "../errors.ts";

export interface NetmakerOptions {
  readonly url: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

const TIMEOUT_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

export function withNetmaker(command: Command): Command {
  return command
    .option("--url <url>", "of Netmaker's API, such as https://api.example.com")
    .option("--token-file <file>", "file that holds an access token (docs/how-to/netmaker-inventory.md)")
    .option("--token <token>", "the token itself: others on this machine may see it, a file is better")
    .option("--ca-file <file>", "certificates of the authority that signed Netmaker's, where nobody knows it");
}

/** @throws CliError USAGE, NETMAKER */
export async function askerOf(
  { url, token, tokenFile, caFile }: NetmakerOptions,
  signal: AbortSignal,
  onAnswer: (headers: IncomingHttpHeaders) => void = () => undefined,
): Promise<NetmakerAsk> {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw usage(`--url ${url}: expected a URL such as https://api.example.com`);
  if ((token === undefined) === (tokenFile === undefined)) throw usage("give the token with --token-file (or --token)");
  const client = new NetmakerClient({
    url: parsed,
    tokenFile: tokenFile ?? "",
    caFile,
    timeoutMs: TIMEOUT_MS,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    onAnswer,
  });
  const credentials = await told(async () => (token === undefined ? await client.credentials() : await client.withToken(token)));
  return (path) => client.get(path, credentials, signal);
}

const usage = (message: string) => new CliError({ code: "USAGE" }, message);

/** What goes wrong with Netmaker, told to whoever typed the command. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof NetmakerError)) throw cause;
    throw new CliError({ code: "NETMAKER", reason: cause.code }, plainly(cause.message), { cause });
  }
}

/** The server's words name its settings; here they are options. */
export function plainly(message: string): string {
  return message
    .replaceAll(
      /( \()?inventory\.netmaker\.(url|token_file|ca_file)/g,
      (_, open = "", name: string) => `${open}--${name.replace("_", "-")}`,
    )
    .replace("; it is read again with each poll", "")
    .replace(", readable for this server's user", "");
}
