/** The agent's process: nothing of the rest of the command line is in it. `scripts/prepare.mjs` makes dist/agent.js of this file. */
import { agentMain } from "@flowtrail/agent";
import { endWithParent } from "./lifeline.ts";

endWithParent();
process.exit(await agentMain(process.argv.slice(2), process.env));
