/** The commands, put together. */
import type { Command } from "commander";
import { addAccountCommands } from "./commands/account.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addEraseCommand } from "./commands/erase.ts";
import { addImportCommands } from "./commands/import.ts";
import { addInventoryCommands } from "./commands/inventory.ts";
import { addLabCommands } from "./commands/lab.ts";
import { addNetmakerCommands } from "./commands/netmaker.ts";
import { addPrivacyCommands } from "./commands/privacy.ts";
import { addServerCommand } from "./commands/server.ts";
import { addStoreCommands } from "./commands/store.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addUpCommand } from "./commands/up.ts";
import { addTerminalCommands, newProgram } from "./terminal-program.ts";

export function makeProgram(): Command {
  const program = newProgram();
  addUpCommand(program);
  addServerCommand(program);
  // For the list of commands only: main.ts hands it to the agent's own program before this one is loaded.
  program.command("agent").description("capture this node's flows and ship them to a server (flowtrail agent --help)");
  addTerminalCommands(program);
  addTokenCommands(program);
  addAccountCommands(program);
  addInventoryCommands(program);
  addNetmakerCommands(program);
  addImportCommands(program);
  addStoreCommands(program);
  addEraseCommand(program);
  addPrivacyCommands(program);
  addDoctorCommand(program);
  addLabCommands(program);
  return program;
}
