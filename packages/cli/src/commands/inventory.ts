/** `flowtrail inventory`: check a file before it is in force, and ask a server who had an address and what changed. */

import { readFileSync } from "node:fs";
import { checkInventory, formatNote, inventoryJsonSchema } from "@flowtrail/server";
import { Argument, type Command } from "commander";
import type { Holder } from "../ask/holder.ts";
import { withAccess } from "../errors.ts";
import { callServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";
import { getJson } from "../servers/api.ts";
import { addServerOptions, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { addReplayCommand } from "./inventory-replay.ts";

interface Holders {
  readonly ip: string;
  readonly time: string;
  readonly as_of: string | null;
  readonly complete: boolean;
  readonly holders: readonly Holder[];
}

interface Change {
  readonly time: string;
  readonly network: string;
  readonly kind: string;
  readonly id: string;
  readonly who: string;
  readonly what: string;
}

export function addInventoryCommands(program: Command): void {
  const inventory = program.command("inventory").description("who has which address: check a file, ask, see what changed");
  const data = (command: Command) => command.addOption(dataOption("data directory of the server on this machine"));

  inventory
    .command("check")
    .description("say what is wrong in an inventory file, and where; exit code 1 if it can't be used")
    .argument("<file>", "YAML, or - for standard input")
    .option("--json", "as JSON")
    .action(check);
  inventory
    .command("schema")
    .description("print the JSON Schema of an inventory file, for editors")
    .action(() => print(JSON.stringify(inventoryJsonSchema(), null, 2)));
  addServerOptions(inventory.command("at").description("who had an address at a time"))
    .argument("<ip>", "IPv4 or IPv6 address")
    .option("--time <time>", "-2h, 2026-11-22T09:50:00Z, …", "now")
    .option("--network <id>", "in this network only")
    .option("--json", "as JSON")
    .action(at);
  addServerOptions(inventory.command("history").description("what changed in the inventory, newest first"))
    .option("--network <id>", "in this network only")
    .option("--kind <kind>", "network, node, user, config_file or egress")
    .option("--id <id>", "of this node, user, … only")
    .option("--from <time>", "-7d, 2026-11-22T09:50:00Z, …", "-30d")
    .option("--to <time>", "as --from", "now")
    .option("--limit <count>", "most changes to show", "100")
    .option("--json", "as JSON")
    .action(history);
  data(
    inventory
      .command("retire")
      .description("end what a source told that no server reads any more; without --yes only says what would end"),
  )
    .addArgument(new Argument("<source>", "which").choices(["file", "netmaker"]))
    .option("--yes", "end it")
    .action(retire);
  addReplayCommand(inventory, data);
}

function check(file: string, options: { json?: boolean }): void {
  const text = withAccess(file, () => readFileSync(file === "-" ? 0 : file, "utf8"));
  const { inventory, notes } = checkInventory(text);
  if (options.json) print(JSON.stringify({ ok: inventory !== null, notes }, null, 2));
  else {
    const name = file === "-" ? "standard input" : file;
    for (const note of notes) print(`${note.level}: ${formatNote(note, name)}`);
    const count = (level: string) => counted(notes.filter((note) => note.level === level).length, level);
    const verdict = inventory === null ? "can't be used" : `can be used: ${sizeOf(inventory.networks)}`;
    print(`${name} ${verdict}; ${count("error")}, ${count("warning")}`);
  }
  if (inventory === null) process.exitCode = 1;
}

function sizeOf(networks: NonNullable<ReturnType<typeof checkInventory>["inventory"]>["networks"]): string {
  const sum = (list: "nodes" | "users" | "config_files" | "egress", word: string) =>
    counted(
      networks.reduce((total, network) => total + network[list].length, 0),
      word,
    );
  const parts = [sum("nodes", "node"), sum("users", "user"), sum("config_files", "config file"), sum("egress", "egress route")];
  return [counted(networks.length, "network"), ...parts].join(", ");
}

interface AtOptions extends ServerOptions {
  readonly time: string;
  readonly network?: string;
  readonly json?: boolean;
}

async function at(ip: string, options: AtOptions, command: Command): Promise<void> {
  const { time, network } = options;
  const found = await getJson<Holders>(chooseServer(options, command), "/api/inventory/at", { ip, time, network });
  if (options.json) return print(JSON.stringify(found, null, 2));
  const asOf = found.as_of === null ? "" : `, by a correction as it stood at ${found.as_of}`;
  print(`${found.ip} at ${found.time}${asOf}`);
  if (!found.complete)
    print("  so long ago that not everything is in memory any more: the history has it (flowtrail inventory history)");
  if (found.holders.length === 0) print("  nobody that the inventory knows");
  for (const holder of found.holders) {
    const corrected = holder.as_of === found.as_of ? "" : `, by a correction as it stood at ${holder.as_of}`;
    print(`${holder.wins ? "* " : "  "}${holderLine(holder)}${corrected}`);
  }
}

function holderLine({ network, type, id, name, device, range, gateways, source, since, until, first }: Holder): string {
  const who = [type, name ?? id, name !== null && name !== id ? `[${id}]` : null, device === null ? null : `(${device})`];
  const through = gateways.length === 0 ? "" : ` through ${gateways.map((gateway) => gateway.name).join(", ")}`;
  const time = `${first ? "always until" : `since ${since} until`} ${until ?? "now"}`;
  return `${network}: ${who.filter((part) => part !== null).join(" ")} ${range}${through}, ${time}, by ${source}`;
}

interface HistoryOptions extends ServerOptions {
  readonly network?: string;
  readonly kind?: string;
  readonly id?: string;
  readonly from: string;
  readonly to: string;
  readonly limit: string;
  readonly json?: boolean;
}

async function history(options: HistoryOptions, command: Command): Promise<void> {
  const { json, network, kind, id, from, to, limit } = options;
  const query = { network, kind, id, from, to, limit };
  const { changes } = await getJson<{ changes: Change[] }>(chooseServer(options, command), "/api/inventory/history", query);
  if (json) return print(JSON.stringify(changes, null, 2));
  for (const { time, network, kind, id, who, what } of changes) print(`${time}  ${network}  ${kind} ${id}  ${what}  (${who})`);
  if (changes.length === 0) print("nothing changed in that time");
}

async function retire(source: string, { data, yes = false }: { data: string; yes?: boolean }): Promise<void> {
  if (yes) {
    const url = `/api/inventory/sources/${source}/retire`;
    const { entities } = await callServer<{ entities: number }>(requireServer(data), "POST", url, {});
    return print(`ended: ${counted(entities, "thing")} that ${source} told`);
  }
  const { total } = await getJson<{ total: number }>(requireServer(data), "/api/inventory", { source, limit: "1" });
  if (total === 0) return print(`nothing that ${source} told is in force`);
  print(`${counted(total, "thing")} that ${source} told would end now. Nothing was changed. With --yes it is.`);
  print(
    `Make sure that no server reads ${source} any more (inventory.${source} in its configuration): one that does tells it again when it starts.`,
  );
}

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
