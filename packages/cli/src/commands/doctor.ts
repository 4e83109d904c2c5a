/** `flowtrail doctor`: looks at this machine, its agent and its server, and says what mends what is wrong. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { styleText } from "node:util";
import { loadAgentConfig } from "@flowtrail/agent";
import { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { agentFindings, isRunning, type KnownStatus, readStatus } from "../doctor/agent.ts";
import { exitCodeFor, type Finding } from "../doctor/finding.ts";
import { machineFindings } from "../doctor/machine.ts";
import { reachFindings, type Way } from "../doctor/reach.ts";
import { Redaction } from "../doctor/redact.ts";
import { serverLook } from "../doctor/server.ts";
import { withAccess } from "../errors.ts";
import { dataOption, stateOption } from "../paths.ts";

/** Where the guide puts it. */
const USUAL_CONFIG = "/etc/flowtrail/agent.yaml";

interface Options {
  readonly data: string;
  readonly state: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly bundle?: string;
}

export function addDoctorCommand(program: Command): void {
  program.addCommand(
    new Command("doctor")
      .description("look at this machine, its agent and its server: what is wrong, and the command that mends it")
      .addOption(dataOption("data directory of a server on this machine"))
      .addOption(stateOption("state directory of an agent on this machine"))
      .option("--config <file>", `configuration of the agent (default: ${USUAL_CONFIG}, if it is there)`)
      .option("--bundle <file>", "also write a report for support: without secrets, addresses and names")
      .option("--json", "as JSON")
      .addHelpText("after", "\nExit codes: 0 all is well, or only warnings · 1 something does not work")
      .action(doctor),
  );
}

async function doctor({ data, state, config, json = false, bundle }: Options): Promise<void> {
  const status = withAccess(state, () => readStatus(state));
  const { found: ofServer, health } = await serverLook(data);
  const ofAgent = await agentFindings(state, status);
  const way = wayOf(status, config);
  const reach = way === null ? [] : await reachFindings(way);
  const all = [...machineFindings({ captures: status !== null && isRunning(status) }), ...ofAgent, ...reach, ...ofServer];
  if (bundle !== undefined) {
    const redaction = new Redaction();
    const report = redaction.value({
      flowtrail: manifest.version,
      node_js: process.versions.node,
      made: new Date().toISOString(),
      health,
      agent: status,
      findings: all,
    });
    await writeFile(bundle, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
  }
  process.stdout.write(json ? `${JSON.stringify({ findings: all }, null, 2)}\n` : `${lines(all).join("\n")}\n`);
  if (bundle !== undefined) process.stderr.write(`${bundle}: read it before you send it\n`);
  process.exitCode = exitCodeFor(all);
}

/** Null: it is not known here which server this node has. */
function wayOf(status: KnownStatus | null, given: string | undefined): Way | null {
  const file = given ?? (existsSync(USUAL_CONFIG) ? USUAL_CONFIG : undefined);
  if (file !== undefined) {
    const { config } = loadAgentConfig({ env: process.env, file });
    const { server, node, token_file: token, ca_file: ca } = config;
    return { server, node, ca, token: token === undefined ? null : withAccess(token, () => readFileSync(token, "utf8").trim()) };
  }
  return status === null ? null : { server: new URL(status.server), node: status.node, token: null, ca: undefined };
}

const PARTS = { machine: "This machine", agent: "Agent", server: "Server" } as const;
const MARKS = { ok: "✓", warn: "!", fail: "✗", skip: "–" } as const;
const COLORS = { ok: "green", warn: "yellow", fail: "red", skip: "gray" } as const;

function lines(all: readonly Finding[]): string[] {
  const parts = Object.entries(PARTS).flatMap(([part, title]) => {
    const own = all.filter((finding) => finding.part === part);
    return own.length === 0 ? [] : [title, ...own.flatMap(linesOf), ""];
  });
  const count = (state: Finding["state"]) => all.filter((finding) => finding.state === state).length;
  const [failed, warned] = [count("fail"), count("warn")];
  if (failed + warned === 0) return [...parts, "All is well."];
  return [
    ...parts,
    `${failed} ${failed === 1 ? "thing does" : "things do"} not work, ${warned} ${warned === 1 ? "warning" : "warnings"}.`,
  ];
}

function linesOf({ state, what, mend }: Finding): string[] {
  const mark = process.stdout.isTTY ? styleText(COLORS[state], MARKS[state]) : MARKS[state];
  return [`  ${mark} ${what}`, ...(mend === null ? [] : [`      → ${mend}`])];
}
