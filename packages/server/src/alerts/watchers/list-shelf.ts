/** The lists of a directory: read again when a file changes, by whoever puts it there (by hand, by a job, by our own updates from URLs). */
import { mkdir, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { MOST_ENTRIES, parseListFile, type WrongLine } from "./list-file.ts";
import { ListedIndex, type NamedList } from "./listed-index.ts";

export interface ListReport {
  readonly name: string;
  readonly entries: number;
  /** RFC 3339. */
  readonly changed: string;
  readonly wrong: { readonly count: number; readonly first: readonly WrongLine[] };
  /** It holds more than is taken. */
  readonly cut: boolean;
  /** Why it could not be read; null: it could. */
  readonly problem: string | null;
}

interface Kept {
  readonly mtimeMs: number;
  readonly size: number;
  readonly list: NamedList | null;
  readonly report: ListReport;
}

export interface ShelfDeps {
  readonly logger: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

/** By their ending; others (a note, a half-written file) are left alone. */
const IS_LIST = /^[^.].*\.(txt|list|hosts|conf)$/;
const MOST_LISTS = 50;
export const MOST_LIST_BYTES = 64 * 2 ** 20;
const LOOK_MS = 15_000;

export class ListShelf {
  readonly #directory: string;
  readonly #deps: ShelfDeps;
  readonly #kept = new Map<string, Kept>();
  #index = new ListedIndex([]);
  #problem: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();

  constructor(directory: string, deps: ShelfDeps) {
    this.#directory = directory;
    this.#deps = deps;
  }

  get directory(): string {
    return this.#directory;
  }

  get index(): ListedIndex {
    return this.#index;
  }

  get problem(): string | null {
    return this.#problem;
  }

  reports(): readonly ListReport[] {
    return [...this.#kept.values()].map(({ report }) => report).sort((a, b) => a.name.localeCompare(b.name));
  }

  /** Reads what is there. A directory that can't be made is a problem that is told, and no reason not to start. */
  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 }).catch((error: unknown) => this.#fail(error));
    await this.refresh();
    this.#timer = setInterval(() => {
      this.#looking = this.refresh();
    }, LOOK_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
  }

  /** Never throws. */
  async refresh(): Promise<void> {
    try {
      const names = (await readdir(this.#directory)).filter((name) => IS_LIST.test(name)).sort();
      if (names.length > MOST_LISTS) this.#problem = `there are ${names.length} lists: the first ${MOST_LISTS} are read`;
      else this.#problem = null;
      if (await this.#read(names.slice(0, MOST_LISTS))) this.#rebuild();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** True: something is different. */
  async #read(names: readonly string[]): Promise<boolean> {
    let isNew = false;
    for (const gone of [...this.#kept.keys()].filter((name) => !names.includes(name))) isNew = this.#kept.delete(gone) || isNew;
    for (const name of names) {
      const path = join(this.#directory, name);
      const { mtimeMs, size } = await stat(path);
      const before = this.#kept.get(name);
      if (before?.mtimeMs === mtimeMs && before.size === size) continue;
      this.#kept.set(name, await this.#readOne(name, path, mtimeMs, size));
      isNew = true;
    }
    return isNew;
  }

  async #readOne(name: string, path: string, mtimeMs: number, size: number): Promise<Kept> {
    const changed = new Date(mtimeMs).toISOString();
    const none = { name, entries: 0, changed, wrong: { count: 0, first: [] }, cut: false };
    if (size > MOST_LIST_BYTES) {
      const problem = `it is larger than ${MOST_LIST_BYTES / 2 ** 20} MiB`;
      return { mtimeMs, size, list: null, report: { ...none, problem } };
    }
    try {
      const file = await open(path);
      const text = await file.readFile("utf8").finally(() => file.close());
      const { wrong, cut, ...entries } = parseListFile(text, MOST_ENTRIES);
      const count = entries.domains.length + entries.addresses.length + entries.ranges.length;
      if (wrong.count > 0)
        this.#deps.logger.warn({ list: name, wrong: wrong.count, first: wrong.first[0] }, "lines of a list can't be read");
      return { mtimeMs, size, list: { name, ...entries }, report: { ...none, entries: count, wrong, cut, problem: null } };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { mtimeMs, size, list: null, report: { ...none, problem } };
    }
  }

  #rebuild(): void {
    this.#index = new ListedIndex([...this.#kept.values()].flatMap(({ list }) => list ?? []));
    this.#deps.logger.info({ lists: this.#kept.size }, "lists of addresses and domains were read");
  }

  #fail(error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (problem !== this.#problem) this.#deps.logger.warn({ err: error }, "the directory of lists can't be read");
    this.#problem = problem;
  }
}
