/** `flowtrail netmaker check`: looks at a Netmaker server before it is relied on. */
import { checkNetmaker } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { askerOf, type NetmakerOptions, plainly, told, withNetmaker } from "./netmaker-client.ts";
import { reportLines } from "./netmaker-report.ts";

export function addNetmakerCommands(program: Command): void {
  const netmaker = program.command("netmaker").description("work with a Netmaker server");
  withNetmaker(
    netmaker
      .command("check")
      .description(
        "say what a Netmaker server has for us and what will be missing; exit code 1 if it can't be used. Changes nothing",
      ),
  )
    .option("--json", "as JSON")
    .action(check);
}

async function check(options: NetmakerOptions & { readonly json?: boolean }): Promise<void> {
  const { url, json = false } = options;
  if (url === undefined) throw new CliError({ code: "USAGE" }, "--url is missing: the address of Netmaker's API");
  let skewMs: number | null = null;
  const ask = await askerOf(options, new AbortController().signal, ({ date }) => {
    const toldMs = Date.parse(date ?? "");
    // It is told in whole seconds.
    if (!Number.isNaN(toldMs)) skewMs = toldMs + 500 - Date.now();
  });
  const found = await told(() => checkNetmaker(ask, () => skewMs));
  const text = json ? JSON.stringify(found, null, 2) : reportLines(url, found).join("\n");
  process.stdout.write(`${plainly(text)}\n`);
  if (!found.usable) process.exitCode = 1;
}
