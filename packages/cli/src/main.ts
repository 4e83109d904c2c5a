/** Where the command line begins. */
import { becomeAgent } from "./become-agent.ts";
import { reportAndExit } from "./errors.ts";
import { endWithParent } from "./lifeline.ts";

process.on("unhandledRejection", reportAndExit);
// Whoever reads our output may stop at any line (`| head`): then there is nobody left to tell.
process.stdout.on("error", (error: NodeJS.ErrnoException) => (error.code === "EPIPE" ? process.exit(1) : reportAndExit(error)));
try {
  if (process.argv[2] === "agent") becomeAgent(process.argv.slice(3));
  endWithParent();
  const { makeProgram } = await import("./program.ts");
  await makeProgram().parseAsync();
} catch (error) {
  reportAndExit(error);
}
