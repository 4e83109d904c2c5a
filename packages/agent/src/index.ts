/** The agent, for the command line and for docs. Everything else of this package is its own business. */

export { Agent } from "./agent.ts";
export { helpText, readArguments } from "./arguments.ts";
export { AGENT_OPTIONS, type AgentConfig, loadAgentConfig } from "./config.ts";
export { EXIT_CODES, exitCodeOf } from "./errors.ts";
export { agentMain } from "./main.ts";
