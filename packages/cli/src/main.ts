/** Where the command line begins. */
import type { Command } from "commander";
import { becomeAgent } from "./become-agent.ts";
import { reportAndExit } from "./errors.ts";
import { endWithParent } from "./lifeline.ts";

process.on("unhandledRejection", reportAndExit);
// Whoever reads our output may stop at any line (`| head`): then there is nobody left to tell.
process.stdout.on("error", (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? process.exit(1) : reportAndExit(error)));
try {
  if (process.argv[2] === "agent") becomeAgent(process.argv.slice(3));
  endWithParent();
  await (await programFor(process.argv[2])).parseAsync();
} catch (error) {
  reportAndExit(error);
}

/** Whoever only asks a server does not wait until the server's own code is loaded. */
async function programFor(command: string | undefined): Promise<Command> {
  const { addTerminalCommands, newProgram } = await import("./terminal-program.ts");
  const program = addTerminalCommands(newProgram());
  if (program.commands.some((known) => known.name() === command)) return program;
  const { makeProgram } = await import("./program.ts");
  return makeProgram();
}
