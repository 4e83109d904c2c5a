/** Hands over to files on the server (rotating-file.ts). A disk that is full is waited for: the place of the sink stays where it is. */
import { join } from "node:path";
import type { LineFormat, SendResult, SinkEvent, Transport, TransportDeps, TransportKind } from "../ports.ts";
import type { FileConfig } from "./file-config.ts";
import { linesOf } from "./lines.ts";
import { RotatingFile } from "./rotating-file.ts";

const MAX_EVENTS = 5000;
/** Whoever waits for a complete file waits so much longer than its age, at most. */
const LOOK_MS = 5000;
const REASONS: Readonly<Record<string, string>> = { ENOSPC: "disk_full", EDQUOT: "disk_full", EACCES: "unauthorized" };

class FileTransport implements Transport {
  readonly batch = { maxEvents: MAX_EVENTS, lingerMs: 0 };
  readonly #file: RotatingFile;
  readonly #deps: TransportDeps;
  #clock: NodeJS.Timeout | null = null;
  /** One after the other. */
  #busy: Promise<unknown> = Promise.resolve();

  constructor(config: FileConfig, deps: TransportDeps) {
    const { name, extension, head } = deps.format as LineFormat;
    this.#deps = deps;
    this.#file = new RotatingFile(
      {
        directory: join(deps.dataDir, "sinks", deps.sink),
        // Two formats may have the same one, and no file may have lines of both.
        extension: `${name}.${extension}`,
        head,
        maxBytes: config.max_bytes,
        maxAgeMs: config.max_age_s * 1000,
        keep: config.keep,
        gzip: config.gzip,
      },
      deps,
    );
  }

  async open(): Promise<void> {
    if (this.#clock !== null) clearInterval(this.#clock);
    await this.#alone(() => this.#file.open());
    // A file of which the last line was long ago becomes complete, too.
    this.#clock = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  async send(events: readonly SinkEvent[]): Promise<SendResult> {
    const { lines, refused } = linesOf(this.#deps.format as LineFormat, events);
    try {
      if (lines.length > 0) await this.#alone(() => this.#file.append(Buffer.from(`${lines.join("\n")}\n`)));
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      return { kind: "not_now", reason: REASONS[code] ?? "unwritable", message, retryAfterMs: null };
    }
    return refused.length === 0 ? { kind: "taken" } : { kind: "partly", refused, again: [], retryAfterMs: null };
  }

  async close(): Promise<void> {
    if (this.#clock !== null) clearInterval(this.#clock);
    await this.#alone(() => this.#file.close());
  }

  async #look(): Promise<void> {
    try {
      await this.#alone(() => this.#file.rotateIfDue());
    } catch (error) {
      this.#deps.logger.warn({ err: error, sink: this.#deps.sink }, "a file of a sink could not be completed");
    }
  }

  #alone(work: () => Promise<void>): Promise<void> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => {});
    return done;
  }
}

export const FILE: TransportKind<FileConfig> = {
  kind: "file",
  secrets: [],
  formats: ["flowtrail", "ecs", "csv", "vpc-v2", "vpc-v5"],
  make: (config, deps) => new FileTransport(config, deps),
};
