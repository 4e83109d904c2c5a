/** Commands that only ask a server. They are loaded without the server's own code, so that a short question has a short answer. */
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addAlertRulesCommands } from "./commands/alert-rules.ts";
import { addAlertsCommand } from "./commands/alerts.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addCompletionCommands } from "./commands/completion.ts";
import { addComplianceCommands } from "./commands/compliance.ts";
import { addContextCommands } from "./commands/context.ts";
import { addExportCommand } from "./commands/export.ts";
import { addMapCommand } from "./commands/map.ts";
import { addObserveCommand } from "./commands/observe.ts";
import { addStatsCommand } from "./commands/stats.ts";
import { addWhoisCommand } from "./commands/whois.ts";
import { EXIT_CODES_TEXT, EXIT_USAGE } from "./errors.ts";

export function newProgram(): Command {
  return (
    new Command("flowtrail")
      .description("Traffic Logs for WireGuard overlay networks: who talked to whom, when, how much, and was it answered.")
      .version(manifest.version)
      .addHelpText("after", `\n${EXIT_CODES_TEXT}`)
      .showHelpAfterError("(add --help for what there is)")
      .showSuggestionAfterError()
      // Inherited by the commands below. Help and version were asked for; the rest is wrong usage.
      .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))
  );
}

export function addTerminalCommands(program: Command): Command {
  addObserveCommand(program);
  addStatsCommand(program);
  addMapCommand(program);
  addWhoisCommand(program);
  addExportCommand(program);
  addAuditCommand(program);
  addAlertsCommand(program);
  addAlertRulesCommands(program);
  addComplianceCommands(program);
  addContextCommands(program);
  addCompletionCommands(program);
  return program;
}
