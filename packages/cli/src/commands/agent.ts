/** `flowtrail agent`: captures this node's flows and ships them. */
import { AGENT_OPTIONS, runAgent } from "@flowtrail/agent";
import type { Command } from "commander";
import { addConfigOptions, type ConfigKey, givenFlags } from "../config-options.ts";
import { endWithParent } from "../supervised.ts";

export const AGENT_KEYS: readonly ConfigKey[] = AGENT_OPTIONS.map((option) => ({
  ...option,
  default: option.defaultText ?? null,
}));

export function addAgentCommand(program: Command): void {
  const command = program
    .command("agent")
    .description("capture this node's flows and ship them to a server (needs CAP_NET_ADMIN and CAP_NET_RAW, or root)")
    .addHelpText(
      "after",
      "\nExit codes: 0 stopped · 1 failed · 2 configuration · 3 no privileges · 4 state directory · 5 kernel",
    );
  addConfigOptions(command, AGENT_KEYS);
  command.action(async (options: { config?: string }) => {
    endWithParent();
    process.exitCode = await runAgent({ flags: givenFlags(command, AGENT_KEYS), env: process.env, file: options.config });
  });
}
