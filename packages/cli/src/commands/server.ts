/** `flowtrail server`: receives, stores, answers and shows. */
import { configOptions, loadConfig, runServer } from "@flowtrail/server";
import type { Command } from "commander";
import { addConfigOptions, givenFlags } from "../config-options.ts";
import { EXIT_CODES_TEXT } from "../errors.ts";

export function addServerCommand(program: Command): void {
  const command = program
    .command("server")
    .description("receive flows, store them, answer questions and show the page")
    .addHelpText("after", `\n${EXIT_CODES_TEXT}`);
  addConfigOptions(command, configOptions);
  command.action(async (options: { config?: string }) => {
    await runServer(loadConfig(givenFlags(command, configOptions), options.config));
  });
}
