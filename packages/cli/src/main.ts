/** The command line. Each command is in `commands/`; here they are put together and their errors told. */
import { FlowtrailError } from "@flowtrail/model";
import { Command } from "commander";
import manifest from "../package.json" with { type: "json" };
import { addAgentCommand } from "./commands/agent.ts";
import { addLabCommands } from "./commands/lab.ts";
import { addServerCommand } from "./commands/server.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addUpCommand } from "./commands/up.ts";
import { reportAndExit } from "./errors.ts";
import { exitCodeOf } from "./exit-codes.ts";

export function makeProgram(): Command {
  const program = new Command("flowtrail")
    .description("Traffic Logs for WireGuard overlay networks: who talked to whom, when, how much, and was it answered.")
    .version(manifest.version)
    .showHelpAfterError("(add --help for what there is)")
    .showSuggestionAfterError();
  addUpCommand(program);
  addServerCommand(program);
  addAgentCommand(program);
  addTokenCommands(program);
  addLabCommands(program);
  return program;
}

if (import.meta.main) {
  process.on("unhandledRejection", (error) => reportAndExit(error, 1));
  makeProgram()
    .parseAsync()
    .catch((error: unknown) => reportAndExit(error, error instanceof FlowtrailError ? exitCodeOf(error.code) : 1));
}
