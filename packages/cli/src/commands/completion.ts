/** `flowtrail completion`: for shells, made from the commands. */
import { Argument, type Command } from "commander";
import { completionAnswers } from "../completion/answers.ts";
import { completionScript, SHELLS, type Shell } from "../completion/scripts.ts";
import { completedCommands } from "../completion/tree.ts";
import { addServerOptions, type ChosenServer, chooseServer, type ServerOptions } from "../servers/choose-server.ts";
import { readContexts } from "../servers/contexts.ts";
import { clean } from "../terminal/clean.ts";

export function addCompletionCommands(program: Command): void {
  program
    .command("completion")
    .description("completion for a shell: commands, flags, fields, and values that the server knows")
    .addArgument(new Argument("<shell>", "for bash: source <(flowtrail completion bash)").choices(SHELLS))
    .action(async (shell: Shell) => {
      // All commands, also those that only ask.
      const { makeProgram } = await import("../program.ts");
      process.stdout.write(completionScript(shell, [...completedCommands(makeProgram())]));
    });
  const ask = program.command("__complete", { hidden: true }).argument("<kind>").argument("[begun]");
  addServerOptions(ask).action(async (kind: string, begun = "", options: ServerOptions) => {
    const server = (): ChosenServer | null => chooseServer(options, ask);
    const answers =
      kind === "context"
        ? Object.keys(readContexts().contexts).filter((name) => name.startsWith(begun))
        : await completionAnswers(kind, begun, server);
    for (const answer of answers) process.stdout.write(`${clean(answer)}\n`);
    // A question that takes too long is left alone.
    process.exit(0);
  });
}
