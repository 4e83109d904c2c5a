/** `docs/reference/cli.md`: the help of every command. */
import { helpText } from "@flowtrail/agent";
import { makeProgram } from "../../packages/cli/src/program.ts";
import { page } from "./markdown.ts";

const WIDTH = 110;

type Command = ReturnType<typeof makeProgram>;

export function cliPage(): string {
  const commands = [...walk(makeProgram(), [])].map(({ name, help }) => `## ${name}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\``);
  return page("Command line", "the commands in `packages/cli/src/commands` and the agent's own help", ...commands);
}

function* walk(command: Command, above: readonly string[]): Generator<{ name: string; help: string }> {
  const path = [...above, command.name()];
  const name = path.join(" ");
  // The agent reads its own arguments: see packages/cli/src/main.ts.
  yield { name, help: name === "flowtrail agent" ? helpText(name) : helpOf(command) };
  // Not what shells ask on their own.
  const shown = command.createHelp().visibleCommands(command);
  for (const child of command.commands.filter((one) => shown.includes(one))) yield* walk(child, path);
}

/** As it is printed, with what is added after it, at a width of our own. */
function helpOf(command: Command): string {
  let text = "";
  command.configureHelp({ helpWidth: WIDTH }).configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text;
}
