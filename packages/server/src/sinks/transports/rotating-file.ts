/**
 * Lines in files of a directory. The one that is written is `<start>.<extension>.part`; complete it is called without `.part`, and `.gz` is
 * added when it is compressed, so that whoever reads complete names reads whole files only. What `append` resolved for is on the disk.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

export interface RotatingFileConfig {
  readonly directory: string;
  /** Without a dot in front. Files of another one are completed. */
  readonly extension: string;
  /** First line of each file; null: none. */
  readonly head: string | null;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly keep: number;
  readonly gzip: boolean;
}

interface Part {
  readonly name: string;
  readonly handle: FileHandle;
  readonly bornMs: number;
  bytes: number;
}

const PART = ".part";
const UNFINISHED = ".tmp";
const NEWLINE = 10;
const TAIL_BYTES = 65_536;

/** Directories that somebody of this process writes in. Whoever comes second (a sink that is tried while it runs) leaves all files of the first alone. */
const inUse = new Set<string>();

export class RotatingFile {
  readonly #config: RotatingFileConfig;
  readonly #now: () => number;
  #part: Part | null = null;
  #isFirst = false;

  constructor(config: RotatingFileConfig, deps: { readonly now: () => number }) {
    this.#config = config;
    this.#now = deps.now;
  }

  /** Goes on where the process before this one was stopped, in the middle of whatever it did. */
  async open(): Promise<void> {
    const { directory } = this.#config;
    await this.close();
    await mkdir(directory, { recursive: true, mode: 0o750 });
    if (inUse.has(directory)) return;
    this.#isFirst = true;
    inUse.add(directory);
    for (const name of (await readdir(directory)).sort()) {
      if (name.endsWith(UNFINISHED)) await rm(join(directory, name));
      else if (name.endsWith(PART)) await this.#goOnWith(name);
      else if (isComplete(name) && !name.endsWith(".gz")) await this.#compress(name);
    }
  }

  /** Lines, each with its newline. Rejects if they are not on the disk: then nothing of them is in the file. */
  async append(lines: Buffer): Promise<void> {
    await this.rotateIfDue(lines.length);
    this.#part ??= await this.#begin();
    const part = this.#part;
    try {
      for (let at = 0; at < lines.length; )
        at += (await part.handle.write(lines, at, lines.length - at, part.bytes + at)).bytesWritten;
      await part.handle.datasync();
      part.bytes += lines.length;
    } catch (error) {
      await part.handle.truncate(part.bytes);
      throw error;
    }
  }

  /** @param bytes that are about to be added */
  async rotateIfDue(bytes = 0): Promise<void> {
    const part = this.#part;
    if (part === null) return;
    const isOld = this.#now() - part.bornMs >= this.#config.maxAgeMs;
    if (isOld || part.bytes + bytes > this.#config.maxBytes) await this.#complete(part);
  }

  async close(): Promise<void> {
    const part = this.#part;
    try {
      // Nobody would go on with a second one's file.
      if (part !== null && !this.#isFirst) return await this.#complete(part);
      this.#part = null;
      await part?.handle.close();
    } finally {
      if (this.#isFirst) inUse.delete(this.#config.directory);
      this.#isFirst = false;
    }
  }

  async #begin(): Promise<Part> {
    const { directory, extension, head } = this.#config;
    const bornMs = this.#now();
    const name = `${await this.#freeStamp(bornMs)}.${extension}${PART}`;
    const handle = await open(join(directory, name), "wx", 0o640);
    const first = Buffer.from(head === null ? "" : `${head}\n`);
    try {
      await handle.write(first, 0, first.length, 0);
      await handle.sync();
      await this.#syncDirectory();
    } catch (error) {
      await handle.close();
      await rm(join(directory, name), { force: true });
      throw error;
    }
    return { name, handle, bornMs, bytes: first.length };
  }

  /** `20261123T060000.123Z`: no two files may have the same one, even if the clock was set back. */
  async #freeStamp(ms: number): Promise<string> {
    const taken = new Set((await readdir(this.#config.directory)).map((name) => name.slice(0, stampOf(0).length)));
    for (let at = ms; ; at++) if (!taken.has(stampOf(at))) return stampOf(at);
  }

  async #goOnWith(name: string): Promise<void> {
    const handle = await open(join(this.#config.directory, name), "r+");
    const bytes = await wholeLines(handle);
    await handle.truncate(bytes);
    const part = { name, handle, bornMs: timeOf(name) ?? this.#now(), bytes };
    // Of another format, before the sink was changed.
    if (!name.endsWith(`.${this.#config.extension}${PART}`)) return this.#complete(part);
    // There may be two only if the clock was set back; the newest goes on.
    if (this.#part !== null) await this.#complete(this.#part);
    this.#part = part;
  }

  async #complete(part: Part): Promise<void> {
    const { directory } = this.#config;
    if (this.#part === part) this.#part = null;
    await part.handle.close();
    const name = part.name.slice(0, -PART.length);
    await rename(join(directory, part.name), join(directory, name));
    await this.#syncDirectory();
    // First of all: the disk may be full.
    await this.#deleteOld();
    await this.#compress(name);
  }

  async #compress(name: string): Promise<void> {
    if (!this.#config.gzip) return;
    const path = join(this.#config.directory, name);
    const unfinished = `${path}.gz${UNFINISHED}`;
    try {
      await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o640, flush: true }));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    await rename(unfinished, `${path}.gz`);
    await this.#syncDirectory();
    await rm(path);
  }

  async #deleteOld(): Promise<void> {
    const { directory, keep } = this.#config;
    const complete = (await readdir(directory)).filter(isComplete).sort().reverse();
    for (const name of complete.slice(keep)) await rm(join(directory, name), { force: true });
  }

  /** A new name is there after a crash of the machine only if its directory was written, too (fsync(2)). */
  async #syncDirectory(): Promise<void> {
    const handle = await open(this.#config.directory, "r");
    await handle.sync().finally(() => handle.close());
  }
}

const isComplete = (name: string) => /^\d{8}T\d{6}\.\d{3}Z\./.test(name) && !name.endsWith(PART) && !name.endsWith(UNFINISHED);

const stampOf = (ms: number) => new Date(ms).toISOString().replaceAll(/[-:]/g, "");

function timeOf(name: string): number | null {
  const ms = Date.parse(name.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\d\.\d{3}Z).*$/, "$1-$2-$3:$4:$5"));
  return Number.isNaN(ms) ? null : ms;
}

/** Where the last whole line ends: a machine that died while it wrote leaves half of one, which is sent again. */
async function wholeLines(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(TAIL_BYTES);
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - TAIL_BYTES);
    const { bytesRead } = await handle.read(tail, 0, end - from, from);
    const at = tail.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}
