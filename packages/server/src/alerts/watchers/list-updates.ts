/**
 * Lists that are fetched from a URL now and then: `sources.yaml` in the directory of lists says which. What comes replaces the file only if it
 * is a list: an error page, half of it or nothing leaves the old one in place.
 */
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Posted, PostRequest } from "../../outgoing/http-post.ts";
import { parseListFile } from "./list-file.ts";
import { MOST_LIST_BYTES } from "./list-shelf.ts";

const SOURCES = "sources.yaml";
const sourcesSchema = z.strictObject({
  lists: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "expected small letters, digits and -"),
        url: z.url({ protocol: /^https?$/ }),
        every_hours: z.number().min(1).max(720).default(24),
      }),
    )
    .max(20),
});
type Source = z.infer<typeof sourcesSchema>["lists"][number];

export interface SourceReport {
  readonly name: string;
  /** Without its path and parameters, which may hold a key. */
  readonly host: string;
  /** RFC 3339; null: not since this server started. */
  readonly tried: string | null;
  /** Null: it was taken. */
  readonly problem: string | null;
}

export interface UpdatesDeps {
  readonly get: (request: PostRequest) => Promise<Posted>;
  readonly now: () => number;
  readonly logger: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

const HOUR_MS = 3_600_000;
/** A failed one is tried again after this time, or at its own if that is sooner. */
const RETRY_MS = HOUR_MS;
const LOOK_MS = 60_000;
/** What has more lines that are none is something else. */
const MOST_WRONG_SHARE = 0.2;

export class ListUpdates {
  readonly #directory: string;
  readonly #deps: UpdatesDeps;
  readonly #reports = new Map<string, SourceReport & { readonly triedMs: number }>();
  #problem: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  readonly #ending = new AbortController();

  constructor(directory: string, deps: UpdatesDeps) {
    this.#directory = directory;
    this.#deps = deps;
  }

  /** Why `sources.yaml` could not be read; null: it could, or there is none. */
  get problem(): string | null {
    return this.#problem;
  }

  reports(): readonly SourceReport[] {
    return [...this.#reports.values()].map(({ triedMs: _, ...report }) => report);
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.refresh());
    }, LOOK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    // Another system may take minutes to answer, or never do.
    this.#ending.abort();
    await this.#running;
  }

  /** Fetches what is due, one after the other. Never throws. */
  async refresh(): Promise<void> {
    for (const source of await this.#sources()) {
      if (this.#ending.signal.aborted) return;
      if (await this.#isDue(source)) await this.#update(source);
    }
  }

  async #sources(): Promise<readonly Source[]> {
    try {
      const read = sourcesSchema.safeParse(parse(await readFile(join(this.#directory, SOURCES), "utf8")) ?? { lists: [] });
      const [issue] = read.error?.issues ?? [];
      this.#problem = issue === undefined ? null : `${SOURCES}: ${issue.path.join(".")}: ${issue.message}`;
      return read.data?.lists ?? [];
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT";
      this.#problem = isThere ? `${SOURCES}: ${error instanceof Error ? error.message : String(error)}` : null;
      return [];
    }
  }

  async #isDue({ name, every_hours }: Source): Promise<boolean> {
    const nowMs = this.#deps.now();
    const known = this.#reports.get(name);
    if (known !== undefined && known.problem !== null && nowMs - known.triedMs < RETRY_MS) return false;
    const changedMs = await stat(this.#path(name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    return nowMs - changedMs >= every_hours * HOUR_MS;
  }

  async #update(source: Source): Promise<void> {
    const { logger, now } = this.#deps;
    const problem = await this.#fetch(source).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
    if (this.#ending.signal.aborted) return;
    const triedMs = now();
    const { host } = new URL(source.url);
    this.#reports.set(source.name, { name: source.name, host, tried: new Date(triedMs).toISOString(), problem, triedMs });
    if (problem === null) logger.info({ list: source.name, host }, "a list was updated");
    else logger.warn({ list: source.name, host, problem }, "a list could not be updated: the old one stays");
  }

  /** Null: done. Else why not. */
  async #fetch({ name, url }: Source): Promise<string | null> {
    const { status, bytes, isCut, error } = await this.#deps.get({
      url,
      method: "GET",
      headers: { accept: "text/plain, */*" },
      body: "",
      signal: this.#ending.signal,
    });
    if (error !== null) return error;
    if (status !== 200) return `it answered ${status}`;
    if (isCut) return `it is larger than ${MOST_LIST_BYTES / 2 ** 20} MiB`;
    const text = bytes.toString("utf8");
    const { domains, addresses, ranges, wrong } = parseListFile(text);
    const count = domains.length + addresses.length + ranges.length;
    if (count === 0) return "it holds no address and no domain";
    if (wrong.count > (count + wrong.count) * MOST_WRONG_SHARE)
      return `${wrong.count} of its lines are no addresses or domains: it may be something else`;
    const path = this.#path(name);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return null;
  }

  #path(name: string): string {
    return join(this.#directory, `${name}.txt`);
  }
}
