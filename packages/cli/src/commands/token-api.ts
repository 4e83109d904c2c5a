/** `flowtrail token create --api`: tokens of programs, with what they may do and until when. */
import { createTokenOffline } from "@flowtrail/server";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { askedGrant, endOf, ROLES_TEXT, type ScopeOptions } from "../grant-options.ts";
import { callServer, type LocalServer } from "../local-server.ts";
import type { NewToken } from "../server-client.ts";

export interface ApiTokenOptions extends ScopeOptions {
  readonly data: string;
  readonly name?: string;
  readonly role?: string;
  readonly expires?: string;
}

export function addApiOptions(command: Command): Command {
  return command
    .option("--api", "for a program that reads the API")
    .option("--name <text>", "with --api: what it is for")
    .option("--role <role>", `with --api: ${ROLES_TEXT} (default: admin)`)
    .option("--own <user>", "with --api: a viewer sees only flows that this user takes part in");
}

/** @param running null: no server runs. Then the token is everything's, for ever. */
export function createApiToken(running: LocalServer | null, options: ApiTokenOptions): Promise<NewToken> {
  const { data, name, role, network, own, expires } = options;
  const isNarrowed = [name, role, network, own, expires].some((option) => option !== undefined);
  if (running === null) {
    if (!isNarrowed) return createTokenOffline(data, { kind: "api" });
    throw new CliError(
      { code: "NO_SERVER", data },
      `--name, --role, --network, --own and --expires need the server of ${data} to run`,
    );
  }
  return callServer(running, "POST", "/api/tokens", {
    kind: "api",
    ...(name !== undefined && { name }),
    ...(role === undefined && network === undefined && own === undefined ? {} : askedGrant(role ?? "viewer", options)),
    ...(expires !== undefined && { expires: endOf(expires, Date.now()) }),
  });
}
