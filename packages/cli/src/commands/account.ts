/** `flowtrail account`: who may sign in to the page of this machine's server. */
import type { Command } from "commander";
import { newPassword, type PasswordOptions } from "../ask-password.ts";
import { CliError } from "../errors.ts";
import { type AskedGrant, addScopeOptions, askedGrant, grantText, ROLES_TEXT, type ScopeOptions } from "../grant-options.ts";
import { callServer, type LocalServer, requireServer } from "../local-server.ts";
import { dataOption } from "../paths.ts";

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

interface Account extends AskedGrant {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly has_password: boolean;
  readonly disabled: string | null;
  readonly last_sign_in: string | null;
  readonly sessions: number;
  readonly link?: string;
  readonly link_expires?: string;
}

export function addAccountCommands(program: Command): void {
  const account = program.command("account").description("who may sign in to the page, and what they may see and set");
  const command = (name: string, description: string) =>
    account
      .command(name)
      .description(description)
      .addOption(dataOption("data directory of the server on this machine"))
      .option("--json", "as JSON");
  const withPassword = (one: Command) =>
    one
      .option("--password-stdin", "read the password from standard input (default: ask for it, twice)")
      .option("--link", "no password: print a link by which its person chooses one, once, within a day");
  const named = (one: Command) => one.argument("<name>", "the account's name, or its id");

  addScopeOptions(withPassword(command("add", "make an account").argument("<name>", "letters, digits and . _ @ + -")))
    .requiredOption("--role <role>", ROLES_TEXT)
    .action(add);
  command("list", "all accounts").action(list);
  named(command("disable", "let nobody sign in to it, and end its sessions at once")).action((name: string, options: Options) =>
    change(name, options, { disabled: true }),
  );
  named(command("enable", "let its person sign in again")).action((name: string, options: Options) =>
    change(name, options, { disabled: false }),
  );
  withPassword(named(command("passwd", "give it another password, and end its sessions"))).action(passwd);
  addScopeOptions(named(command("role", "change what it may do, at once")).argument("<role>", ROLES_TEXT)).action(role);
}

async function add(name: string, options: Options & PasswordOptions & ScopeOptions & { role: string }): Promise<void> {
  const grant = askedGrant(options.role, options);
  const server = requireServer(options.data);
  const password = await newPassword(options);
  const body = { name, ...grant, ...(password !== null && { password }) };
  const made = await callServer<Account>(server, "POST", "/api/accounts", body);
  tell(server, made, options, `${made.name} may sign in as ${grantText(made)}`);
}

async function list({ data, json }: Options): Promise<void> {
  const { accounts } = await callServer<{ accounts: Account[] }>(requireServer(data), "GET", "/api/accounts");
  if (json) process.stdout.write(`${JSON.stringify(accounts, null, 2)}\n`);
  else if (accounts.length === 0)
    process.stderr.write("there are no accounts: flowtrail account add NAME --role admin makes the first\n");
  else for (const account of accounts) process.stdout.write(`${lineOf(account)}\n`);
}

async function passwd(name: string, options: Options & PasswordOptions): Promise<void> {
  const server = requireServer(options.data);
  const { id } = await find(server, name);
  const password = await newPassword(options);
  const body = password === null ? { reset: true } : { password };
  const changed = await callServer<Account>(server, "PATCH", `/api/accounts/${id}`, body);
  tell(server, changed, options, `${changed.name} has ${password === null ? "no" : "a new"} password, and is signed in nowhere`);
}

function role(name: string, wanted: string, options: Options & ScopeOptions): Promise<void> {
  return change(name, options, { ...askedGrant(wanted, options) });
}

async function change(name: string, options: Options, body: object): Promise<void> {
  const server = requireServer(options.data);
  const { id } = await find(server, name);
  const changed = await callServer<Account>(server, "PATCH", `/api/accounts/${id}`, body);
  const state = changed.disabled === null ? `may sign in as ${grantText(changed)}` : "is disabled";
  tell(server, changed, options, `${changed.name} ${state}`);
}

/** @throws CliError USAGE */
async function find(server: LocalServer, word: string): Promise<Account> {
  const { accounts } = await callServer<{ accounts: Account[] }>(server, "GET", "/api/accounts");
  const same = (name: string) => name.normalize("NFKC").toLowerCase() === word.normalize("NFKC").toLowerCase();
  const found = accounts.filter(({ id, name }) => id === word || same(name));
  if (found.length > 1)
    throw new CliError(
      { code: "USAGE" },
      `there are several accounts ${word}: name one by its id (${found.map(({ id, source }) => `${id} ${source}`).join(", ")})`,
    );
  const [account] = found;
  if (account === undefined)
    throw new CliError({ code: "USAGE" }, `there is no account ${word}: flowtrail account list shows them`);
  return account;
}

/** The link on standard output, for a pipe; words on the other one. */
function tell(server: LocalServer, account: Account, { json }: Options, words: string): void {
  const { link: given, ...rest } = account;
  // The server was asked by another address than people use.
  const link = given === undefined ? undefined : `${server.page.replace(/\/$/, "")}/${new URL(given).hash}`;
  if (json) process.stdout.write(`${JSON.stringify({ ...rest, ...(link !== undefined && { link }) }, null, 2)}\n`);
  else if (link !== undefined) process.stdout.write(`${link}\n`);
  process.stderr.write(`${words}${link === undefined ? "" : `. The link is good once, until ${account.link_expires}`}\n`);
}

function lineOf(account: Account): string {
  const { id, name, source, disabled, has_password, last_sign_in, sessions } = account;
  const noPassword = source === "local" && !has_password ? "no password yet" : null;
  const state = disabled !== null ? `disabled ${disabled}` : (noPassword ?? `${sessions} signed in`);
  const last = last_sign_in === null ? "never signed in" : `last ${last_sign_in}`;
  return `${id}  ${name.padEnd(20)}  ${source.padEnd(5)}  ${grantText(account).padEnd(24)}  ${state}  ${last}`;
}
