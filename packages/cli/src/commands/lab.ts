/** `flowtrail lab`: a real network on this machine, with a server, agents and traffic, all of it gone after `lab down`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type AgentNode,
  agentNodeNames,
  labAgents,
  labDaemon,
  labDir,
  labDown,
  labInventory,
  labScenarios,
  labStatus,
  labTraffic,
  labUp,
  network,
} from "@flowtrail/lab";
import { type Command, InvalidArgumentError } from "commander";
import { findLocalServer } from "../local-server.ts";
import { createAgentToken, signInLink, waitForServer } from "../server-client.ts";
import { addSeedCommand } from "./lab-seed.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const say = (message: string) => void process.stderr.write(`${message}\n`);
/** Not in the lab's own folder: that may be in memory, and the store wants a disk. */
const dataOf = (name: string) => `/var/lib/flowtrail/lab-${name}`;

export function addLabCommands(program: Command): void {
  const lab = program
    .command("lab")
    .description("a real WireGuard network on this machine, to try, show and test Flowtrail (needs root)");
  const named = (command: Command) => command.option("--name <name>", "name of the lab: several can stand side by side", "demo");

  named(lab.command("up").description("build the network, start a server, agents and traffic; print the page's address"))
    .option("--listen <host:port>", "where its server listens (default: a free port of 127.0.0.1)")
    .option("--no-traffic", "do not make traffic")
    .action(up);
  named(lab.command("down").description("remove every trace")).action(down);
  named(lab.command("status").description("what there is and whether it runs")).option("--json", "as JSON").action(status);
  named(lab.command("traffic").description(`run one scenario: ${Object.keys(labScenarios).join(", ")}`))
    .argument("<scenario>", "its name")
    .option("--for <seconds>", "how long (scenarios that last)", positive)
    .option("--count <n>", "how many (scenarios that repeat)", positive)
    .option("--json", "print each connection as JSON")
    .action(traffic);
  addSeedCommand(lab);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number above 0.");
  return value;
}

async function up(options: { name: string; listen?: string; traffic: boolean }): Promise<void> {
  const { name } = options;
  await labUp({ name, onProgress: say });
  try {
    const url = await startServerAndAgents(name, options.listen ?? "127.0.0.1:0");
    if (options.traffic) {
      await labDaemon(name, {
        what: "traffic",
        namespace: null,
        argv: [process.execPath, MAIN, "lab", "traffic", "mixed", "--name", name, "--for", String(30 * 24 * 3600)],
      });
    }
    say(`\nThe lab is up: nodes ${agentNodeNames.join(", ")}, a user's device, a config file's device, a LAN and an internet.`);
    say(`  one scenario:   flowtrail lab traffic example1 --name ${name}`);
    say(`  what there is:  flowtrail lab status --name ${name}`);
    say(`  logs:           ${labDir(name)}/logs`);
    say(`  remove it all:  flowtrail lab down --name ${name}\n\nOpen (works once):`);
    process.stdout.write(`${url}\n`);
  } catch (error) {
    await removeLab(name);
    throw error;
  }
}

async function startServerAndAgents(name: string, listen: string): Promise<string> {
  const data = dataOf(name);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const inventory = join(data, "inventory.yaml");
  writeFileSync(inventory, labInventory());
  say("starting the server");
  await labDaemon(name, {
    what: "server",
    namespace: null,
    argv: [process.execPath, MAIN, "server", "--listen", listen, "--data", data, "--inventory-file", inventory],
  });
  const server = await waitForServer(data, { timeoutMs: 60_000, failed: () => false });
  const tokens = new Map<string, string>();
  for (const node of agentNodeNames) {
    const file = join(data, `${node}.token`);
    writeFileSync(file, `${(await createAgentToken(server, node)).token}\n`, { mode: 0o600 });
    tokens.set(node, file);
  }
  say("starting the agents");
  const { hostname, port } = new URL(server.url);
  await labAgents({ name }).start({
    serverHost: hostname,
    serverPort: Number(port),
    command: (node) => agentCommand(node, data, tokens.get(node.name) ?? ""),
  });
  return signInLink(server);
}

/** The command line of a lab node's agent. */
export function agentCommand(node: AgentNode, data: string, tokenFile: string): string[] {
  const ranges = `${network.id}=${network.ranges.join(",")}`;
  return [
    process.execPath,
    MAIN,
    "agent",
    "--server",
    node.serverUrl,
    "--token-file",
    tokenFile,
    "--node",
    node.name,
    "--network",
    ranges,
    "--state",
    join(data, `agent-${node.name}`),
  ];
}

const removeLab = async (name: string): Promise<boolean> =>
  (await labDown({ name, dataDir: dataOf(name), onProgress: say })).removed;

async function down({ name }: { name: string }): Promise<void> {
  say((await removeLab(name)) ? `lab "${name}" is gone` : `there is no lab "${name}"`);
}

function status({ name, json }: { name: string; json?: boolean }): void {
  const lab = labStatus({ name });
  const server = findLocalServer(dataOf(name));
  const answer = { ...lab, server: server && { url: server.url, pid: server.pid } };
  if (json) process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
  else {
    process.stdout.write(
      `lab ${name}: ${lab.up ? `up since ${lab.upSince}` : lab.exists ? "broken: take it down and up again" : "not up"}\n`,
    );
    if (server) process.stdout.write(`server: ${server.url} (pid ${server.pid})\n`);
    for (const node of lab.nodes) {
      const agent = node.agent ? `agent ${node.agent.running ? `running (pid ${node.agent.pid})` : "not running"}` : "";
      process.stdout.write(
        `${[node.name.padEnd(10), (node.overlay?.v4 ?? "").padEnd(16), node.namespace.padEnd(22), agent].join(" ").trimEnd()}\n`,
      );
    }
  }
  if (!lab.up) process.exitCode = 1;
}

async function traffic(scenario: string, options: { name: string; for?: number; count?: number; json?: boolean }): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const result = await labTraffic({ name: options.name }, scenario, {
    onProgress: say,
    signal: stop.signal,
    ...(options.for === undefined ? {} : { seconds: options.for }),
    ...(options.count === undefined ? {} : { count: options.count }),
  });
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else
    for (const { what, outcome, srcIp, srcPort, dstIp, dstPort } of result.connections)
      process.stdout.write(`${what}: ${srcIp}:${srcPort ?? "-"} → ${dstIp}:${dstPort ?? "-"} ${outcome ?? "open"}\n`);
}
