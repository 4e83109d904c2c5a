/** The agent as a process of its own, without the command line around it. */
import { agentMain } from "./main.ts";

process.exit(await agentMain(process.argv.slice(2), process.env, "flowtrail-agent"));
