/** `flowtrail privacy`: the key of pseudonyms, and whose pseudonym it is. */
import { chownSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { writePrivacyKey } from "@flowtrail/server";
import type { Command } from "commander";
import { withAccess } from "../errors.ts";
import { callServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";

export function addPrivacyCommands(program: Command): void {
  const privacy = program.command("privacy").description("pseudonyms of people: their key, and who is behind one");
  const data = (command: Command) => command.addOption(dataOption("data directory of the server on this machine"));

  data(privacy.command("key").description("make the key of pseudonyms; keep a copy of the file apart from the store's backups"))
    .option("--file <file>", "the server's privacy.key_file (default: privacy.key in its data directory)")
    .option("--rotate", "add a new key for new rows, and keep the old ones to reveal what they made")
    .action(makeKey);
  data(privacy.command("reveal").description("the name behind a pseudonym; who asked and why is in the audit log"))
    .argument("<pseudonym>", "as rows and lists have it: user-…, config-… or device-…")
    .requiredOption("--reason <text>", "why the name has to be known")
    .action(async (pseudonym: string, { data, reason }: { data: string; reason: string }) => {
      const server = requireServer(data);
      const { name } = await callServer<{ name: string }>(server, "POST", "/api/privacy/reveal", { pseudonym, reason });
      process.stdout.write(`${name}\n`);
    });
}

function makeKey(options: { data: string; file?: string; rotate?: boolean }): void {
  const path = options.file ?? join(options.data, "privacy.key");
  const count = writePrivacyKey(path, { rotate: options.rotate === true, now: Date.now() });
  // Made by root, it must be readable by whoever the server runs as: the owner of its directory.
  withAccess(path, () => {
    const { uid, gid } = statSync(dirname(path));
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
  });
  process.stderr.write(
    `${path} has ${count === 1 ? "one key" : `${count} keys, the newest first`}. Keep a copy where the store's backups are not: who has both can reveal all ` +
      "names, and names that a lost key made can never be revealed\n",
  );
}
