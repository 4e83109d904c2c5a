/** The commands, put together. */
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addAccountCommands } from "./commands/account.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEraseCommand } from "./commands/erase.ts";
import { addExportCommand } from "./commands/export.ts";
import { addImportCommands } from "./commands/import.ts";
import { addInventoryCommands } from "./commands/inventory.ts";
import { addLabCommands } from "./commands/lab.ts";
import { addNetmakerCommands } from "./commands/netmaker.ts";
import { addPrivacyCommands } from "./commands/privacy.ts";
import { addServerCommand } from "./commands/server.ts";
import { addStoreCommands } from "./commands/store.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addUpCommand } from "./commands/up.ts";
import { EXIT_CODES_TEXT, EXIT_USAGE } from "./errors.ts";

export function makeProgram(): Command {
  const program = new Command("flowtrail")
    .description("Traffic Logs for WireGuard overlay networks: who talked to whom, when, how much, and was it answered.")
    .version(manifest.version)
    .addHelpText("after", `\n${EXIT_CODES_TEXT}`)
    .showHelpAfterError("(add --help for what there is)")
    .showSuggestionAfterError()
    // Inherited by the commands below. Help and version were asked for; the rest is wrong usage.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE));
  addUpCommand(program);
  addServerCommand(program);
  // For the list of commands only: main.ts hands it to the agent's own program before this one is loaded.
  program.command("agent").description("capture this node's flows and ship them to a server (flowtrail agent --help)");
  addTokenCommands(program);
  addAccountCommands(program);
  addInventoryCommands(program);
  addNetmakerCommands(program);
  addImportCommands(program);
  addExportCommand(program);
  addStoreCommands(program);
  addAuditCommand(program);
  addEraseCommand(program);
  addPrivacyCommands(program);
  addDoctorCommand(program);
  addLabCommands(program);
  return program;
}
