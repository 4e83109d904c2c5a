/** `flowtrail whois`: who is, or was, behind an address; what is known of it; when it was seen. */

import { formatBytes, formatCount, formatDuration, parseAddress } from "@flowtrail/model";
import { type Command, Option } from "commander";
import type { Holder } from "../ask/holder.ts";
import { momentFor, momentMs, shownTime, type Zone } from "../ask/moments.ts";
import { typeWord } from "../ask/type-word.ts";
import { CliError } from "../errors.ts";
import { getJson } from "../servers/api.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { clean, cleanJson } from "../terminal/clean.ts";
import { type Output, openOutput } from "../terminal/output.ts";
import { addShowOptions, type ShownOptions } from "../terminal/show-options.ts";
import { pad } from "../terminal/width.ts";

interface Options extends ServerOptions, ShownOptions {
  readonly at: string;
  readonly network?: string;
  readonly output: string;
  readonly failIfEmpty?: boolean;
}

interface Figures {
  readonly by: readonly (string | null)[];
  readonly value: number | string;
}

interface Facts {
  readonly ip: string;
  readonly time: string;
  /** False: not all of the inventory of that time is at hand. */
  readonly complete: boolean;
  readonly holders: readonly Holder[];
  readonly seen: { readonly first: string | null; readonly last: string | null; readonly exact: boolean };
  /** Names that rows have for it around that time: as source, as destination. */
  readonly named: readonly {
    readonly network: string;
    readonly type: string;
    readonly name: string | null;
    readonly bytes: number | string;
  }[];
  readonly domains: readonly { readonly domain: string; readonly connections: number | string }[];
}

const DAY_MS = 86_400_000;
const MOST = 10;

export function addWhoisCommand(program: Command): void {
  const whois = program
    .command("whois")
    .description("who is, or was, behind an address: node, user, config file, egress route, external; when it was seen")
    .argument("<ip>", "IPv4 or IPv6 address");
  addServerOptions(whois)
    .option("--at <time>", "at this time: 2h, yesterday, 2026-11-01, 2026-11-01T14:30:00Z", "now")
    .option("--network <id>", "in this network only")
    .addOption(new Option("-o, --output <format>", "text or json").choices(["text", "json"]).default("text"))
    .option("--fail-if-empty", "exit code 1 if nothing is known of it");
  addShowOptions(whois).action((ip: string, options: Options) => run(ip, options, whois));
}

async function run(ip: string, options: Options, command: Command): Promise<void> {
  if (parseAddress(ip) === null) throw new CliError({ code: "USAGE" }, `${JSON.stringify(ip)}: expected an IPv4 or IPv6 address`);
  const zone = { utc: options.utc ?? false };
  const at = momentFor("--at", options.at, zone, Date.now());
  const facts = await factsOf(chooseServer(options, command), ip, at, options.network);
  const output = openOutput(options, true);
  const text = options.output === "json" ? cleanJson(JSON.stringify(facts, null, 2)) : factLines(facts, zone, output).join("\n");
  await output.write(`${text}\n`);
  await output.end();
  const isKnown = facts.holders.length > 0 || facts.seen.first !== null;
  if (!isKnown && options.failIfEmpty) throw new CliError({ code: "NOTHING_FOUND" }, "");
}

async function factsOf(server: ChosenServer, ip: string, at: string, network: string | undefined): Promise<Facts> {
  const atMs = Math.min(momentMs(at, Date.now()), Date.now());
  // What rows of the day around it say, so that a name that the inventory never had is found, too.
  const range = { from: new Date(atMs - DAY_MS).toISOString(), to: at === "now" ? "now" : new Date(atMs + DAY_MS).toISOString() };
  const top = (by: string, q: string, metric: string) =>
    getJson<{ rows: readonly Figures[] }>(server, "/api/flows/top", { by, q, metric, limit: String(MOST), network, ...range });
  const [inventory, seen, asSource, asDestination, domains] = await Promise.all([
    getJson<Pick<Facts, "ip" | "time" | "complete" | "holders">>(server, "/api/inventory/at", { ip, time: at, network }),
    getJson<Facts["seen"]>(server, "/api/flows/seen", { by: "ip", value: ip, network }),
    top("network,src.type,src.name", `src.ip=${ip}`, "bytes"),
    top("network,dst.type,dst.name", `dst.ip=${ip}`, "bytes"),
    top("dst.domain", `dst.ip=${ip}`, "connections"),
  ]);
  const named = new Map<string, Facts["named"][number]>();
  for (const {
    by: [net, type, name = null],
    value,
  } of [...asSource.rows, ...asDestination.rows]) {
    const key = JSON.stringify([net, type, name]);
    const bytes = BigInt(value) + BigInt(named.get(key)?.bytes ?? 0);
    named.set(key, {
      network: net ?? "",
      type: type ?? "unknown",
      name,
      bytes: bytes <= Number.MAX_SAFE_INTEGER ? Number(bytes) : String(bytes),
    });
  }
  return {
    ip: inventory.ip,
    time: inventory.time,
    complete: inventory.complete,
    holders: inventory.holders,
    seen: { first: seen.first, last: seen.last, exact: seen.exact },
    named: [...named.values()],
    domains: domains.rows.flatMap(({ by: [domain], value }) => (domain ? [{ domain, connections: value }] : [])),
  };
}

function factLines({ ip, time, complete, holders, seen, named, domains }: Facts, zone: Zone, { style }: Output): string[] {
  const when = (text: string) => shownTime(Date.parse(text), zone);
  const line = (title: string, text: string) => `  ${style(pad(title, 11), "dim")} ${text}`;
  const lines = [`${style(clean(ip), "bold")} at ${when(time)}`];
  for (const holder of holders) {
    const { network, type, id, name, device, range, gateways, source, since, until, first, wins, domain } = holder;
    const mark = wins ? style("●", "green") : style("○", "dim");
    lines.push(
      `${mark} ${style(clean(name ?? id ?? ip), "bold")}${device === null ? "" : ` on ${clean(device)}`}, ${typeWord(type)} of ${clean(network)}`,
    );
    if (id !== null && id !== name) lines.push(line("id", clean(id)));
    lines.push(line("range", range));
    if (domain !== null) lines.push(line("domain", clean(domain)));
    if (gateways.length > 0) lines.push(line("through", clean(gateways.map((gateway) => gateway.name).join(", "))));
    lines.push(
      line(
        "held",
        `${first ? "always" : `since ${when(since)}`}, ${until === null ? "until now" : `until ${when(until)}`}, says ${clean(source)}`,
      ),
    );
    if (!wins) lines.push(line("", "rows name another one"));
  }
  if (holders.length === 0) lines.push("  the inventory has nobody with this address at that time");
  if (!complete) lines.push("  so long ago that not all of the inventory is at hand: flowtrail inventory history has it");
  for (const { network, type, name, bytes } of named)
    lines.push(
      line(
        "in rows",
        `${name === null ? "no name" : clean(name)}, ${typeWord(type)}, network ${clean(network) || "(none)"}, ${formatBytes(BigInt(bytes))}`,
      ),
    );
  for (const { domain, connections } of domains)
    lines.push(
      line(
        "domain",
        `${clean(domain)}, ${formatCount(BigInt(connections))} ${BigInt(connections) === 1n ? "connection" : "connections"}`,
      ),
    );
  if (seen.first === null || seen.last === null) return [...lines, line("seen", "never, in what is kept")];
  const ago = formatDuration(Math.max(0, Date.now() - Date.parse(seen.last)));
  return [
    ...lines,
    line("first seen", `${when(seen.first)}${seen.exact ? "" : " or before"}`),
    line("last seen", `${when(seen.last)}, ${ago} ago`),
  ];
}
