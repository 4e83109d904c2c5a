/** Where the command line begins. An agent loads nothing but itself: it is to be small on every node. */
import { reportAndExit } from "./errors.ts";
import { endWithParent } from "./supervised.ts";

process.on("unhandledRejection", reportAndExit);
endWithParent();
if (process.argv[2] === "agent") {
  const { agentMain } = await import("@flowtrail/agent");
  process.exit(await agentMain(process.argv.slice(3), process.env));
}
const { makeProgram } = await import("./program.ts");
await makeProgram().parseAsync().catch(reportAndExit);
