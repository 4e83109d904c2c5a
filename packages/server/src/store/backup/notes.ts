/** What is noted of each backup, in a small file beside it: the list of backups, for people and for a restore. */
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const noteSchema = z.object({
  name: z.string(),
  /** The backup that this one goes on from: it is worthless without it. */
  base: z.string().nullable(),
  state: z.enum(["running", "done", "failed"]),
  started: z.string(),
  ended: z.string().nullable(),
  /** Written so far. */
  bytes: z.number(),
  /** Rows of each table. Of those that replace each other some may count twice. */
  tables: z.array(z.object({ table: z.string(), rows: z.number() })),
  /** Of Flowtrail. */
  version: z.string(),
  schema: z.number(),
  error: z.string().nullable(),
});

export type BackupNote = z.infer<typeof noteSchema>;

export const BACKUP_NAME = /^[a-z0-9][\w.-]{0,99}$/i;

export class BackupNotes {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The newest first. What can't be read is told as failed. */
  async list(): Promise<BackupNote[]> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(this.#dir)).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
    const notes = await Promise.all(names.filter((name) => BACKUP_NAME.test(name)).map((name) => this.find(name)));
    return notes.filter((note) => note !== null).sort((a, b) => (a.started < b.started ? 1 : -1));
  }

  async find(name: string): Promise<BackupNote | null> {
    const text = await readFile(this.#path(name), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
    return text === null ? null : readNote(name, text);
  }

  /** Nobody ever sees half of it. */
  async write(note: BackupNote): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const next = `${this.#path(note.name)}.next`;
    await writeFile(next, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
    await rename(next, this.#path(note.name));
  }

  #path(name: string): string {
    return join(this.#dir, `${name}.json`);
  }
}

function readNote(name: string, text: string): BackupNote {
  try {
    return noteSchema.parse(JSON.parse(text));
  } catch (error) {
    const unknown = { base: null, started: "", ended: null, bytes: 0, tables: [], version: "", schema: 0 };
    return { name, state: "failed", ...unknown, error: `its note can't be read: ${String(error).slice(0, 200)}` };
  }
}
