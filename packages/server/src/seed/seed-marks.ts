/** Which seeds a data directory has seen: the same one again makes nothing, one that was interrupted goes on. */
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeedOptions } from "./seed.ts";

export interface SeedMark extends SeedOptions {
  /** That are stored. */
  readonly parts: number;
  readonly isDone: boolean;
}

const FILE = "seeds.json";

export class SeedMarks {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, FILE);
  }

  /** The run with the same numbers; with the same end, too, if one is given. The newest of several. */
  async find({ rows, days, seed, untilMs }: Omit<SeedOptions, "untilMs"> & { untilMs: number | null }): Promise<SeedMark | null> {
    const same = (mark: SeedMark) =>
      mark.rows === rows && mark.days === days && mark.seed === seed && (untilMs === null || mark.untilMs === untilMs);
    return (await this.#read()).findLast(same) ?? null;
  }

  async save(mark: SeedMark): Promise<void> {
    const others = (await this.#read()).filter(
      ({ rows, days, seed, untilMs }) =>
        rows !== mark.rows || days !== mark.days || seed !== mark.seed || untilMs !== mark.untilMs,
    );
    const next = `${this.#path}.${process.pid}`;
    await writeFile(next, `${JSON.stringify([...others, mark], null, 2)}\n`, { mode: 0o600 });
    await rename(next, this.#path);
  }

  async #read(): Promise<SeedMark[]> {
    try {
      return JSON.parse(await readFile(this.#path, "utf8")) as SeedMark[];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }
}
