/** Where the command line begins. */
import { becomeAgent } from "./become-agent.ts";
import { reportAndExit } from "./errors.ts";
import { endWithParent } from "./lifeline.ts";

process.on("unhandledRejection", reportAndExit);
try {
  if (process.argv[2] === "agent") becomeAgent(process.argv.slice(3));
  endWithParent();
  const { makeProgram } = await import("./program.ts");
  await makeProgram().parseAsync();
} catch (error) {
  reportAndExit(error);
}
