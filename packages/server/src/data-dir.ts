/** What the server leaves in its data directory for programs of the same machine: where it listens, and an API token. */
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ServerError } from "./errors.ts";
import type { Tokens } from "./store/tokens.ts";

export const SERVER_FILE = "server.json";
export const ADMIN_TOKEN_FILE = "admin.token";
const ADMIN_TOKEN_NAME = "command line of the server's machine";

/**
 * Makes the directory (0700) if it is not there, and proves that it can be written.
 * @throws ServerError DATA_DIR
 */
export async function prepareData(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await replaceFile(join(dir, ".probe"), "");
    await rm(join(dir, ".probe"));
  } catch (cause) {
    const { code: errno = "UNKNOWN" } = cause as NodeJS.ErrnoException;
    throw new ServerError(
      { code: "DATA_DIR", path: dir, errno },
      `the data directory ${dir} can't be written (${errno}): give it to the user that runs the server (chown), or choose another with --data`,
      { cause },
    );
  }
}

/** @param urls `url`: for programs of this machine. `page`: for people, and for other machines */
export async function writeServerFile(dir: string, urls: { readonly url: string; readonly page: string }): Promise<void> {
  await replaceFile(join(dir, SERVER_FILE), `${JSON.stringify({ pid: process.pid, ...urls })}\n`);
}

export async function removeServerFile(dir: string): Promise<void> {
  await rm(join(dir, SERVER_FILE), { force: true });
}

/**
 * Keeps an API token for the command line of this machine: whoever can read the data directory is its administrator anyway.
 * @throws StoreError
 */
export async function keepAdminToken(dir: string, tokens: Tokens): Promise<void> {
  const path = join(dir, ADMIN_TOKEN_FILE);
  const kept = await readFile(path, "utf8").catch(() => null); // made anew, whatever became of it
  const known = kept === null ? null : await tokens.find(kept.trim());
  if (known?.kind === "api") {
    // Earlier versions told it by its name.
    if (known.mark === null) await tokens.change(known.id, { mark: "machine" });
    return;
  }
  const { secret } = await tokens.create({ kind: "api", name: ADMIN_TOKEN_NAME, mark: "machine" });
  await replaceFile(path, `${secret}\n`);
}

/** Only its owner can read it, and nobody ever sees half of it. */
async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.${process.pid}`;
  await writeFile(next, text, { mode: 0o600 });
  await rename(next, path);
}
