/** What the server wants its agents to do: asked for now and then, kept on disk so that a start without the server goes on as before. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import {
  type Cidr,
  EXCLUDE_REASONS,
  HEADER_NODE,
  HEADER_ROTATE,
  isDomainPattern,
  parseAddress,
  parseCidr,
} from "@flowtrail/model";
import { z } from "zod";
import type { AgentLogger } from "../status/logger.ts";
import { Throttle } from "../status/throttle.ts";
import type { HttpClient } from "./http.ts";
import type { ShipClock } from "./ship.ts";

const range = z
  .string()
  .transform((text) => parseCidr(text))
  .refine((cidr) => cidr !== null, "expected an address range")
  .transform((cidr) => cidr as Cidr);
const address = z
  .string()
  .transform((text) => parseAddress(text))
  .refine((bytes) => bytes !== null, "expected an address")
  .transform((bytes) => bytes as Uint8Array);
/** As long as the inventory allows: one that is refused here costs the whole configuration. */
const id = z.string().min(1).max(256);

/** The route's LAN is behind this reporter; an older server does not say. */
const route = z
  .object({ id, ranges: z.array(range), behind_reporter: z.boolean().optional() })
  .transform(({ id, ranges, behind_reporter }) => ({
    id,
    ranges,
    ...(behind_reporter === undefined ? {} : { behindReporter: behind_reporter }),
  }));
const names = z.enum(["off", "second-level", "full"]);

// Not strict: a newer server may say more.
const schema = z.object({
  version: z.string().default(""),
  enabled: z.boolean().default(true),
  networks: z
    .array(
      z.object({
        id,
        ranges: z.array(range),
        egress: z.array(route).default([]),
        members: z.array(address).default([]),
        names: names.optional(),
        enabled: z.boolean().optional(),
      }),
    )
    .default([]),
  capture: z
    .object({
      icmp: z.boolean().default(true),
      dns: z.boolean().default(true),
      names: names.default("full"),
      denied: z.boolean().default(false),
      process: z.boolean().default(false),
    })
    .prefault({}),
  update_interval_s: z.number().min(1).max(300).default(10),
  flush_interval_ms: z.number().min(50).max(60_000).default(500),
  exclude: z.array(range).default([]),
  /** What the inventory makes of users, groups and nodes that are excluded. A newer server may know more reasons. */
  excluded: z.array(z.object({ reason: z.enum(EXCLUDE_REASONS).catch("excluded"), ranges: z.array(range) })).default([]),
  exclude_domains: z.array(z.string().refine(isDomainPattern, "expected a domain")).default([]),
});
export type ServerConfig = z.output<typeof schema>;

/** What holds until a server has said anything. Names are not captured until it is known that they may be. */
export const DEFAULT_SERVER_CONFIG: ServerConfig = schema.parse({ capture: { names: "off" } });

const LOG_EVERY_MS = 600_000;

export interface ServerConfigDeps {
  /** Whom the server is told that it answers, where it asks for no credentials. */
  readonly node: string;
  readonly http: Pick<HttpClient, "request">;
  readonly token: () => string | null;
  readonly clock: ShipClock;
  readonly random: () => number;
  readonly log: AgentLogger;
  readonly onChange: (config: ServerConfig) => void;
  /** The server wants the agent to change its token. */
  readonly onRotate?: () => Promise<void>;
}

export class ServerConfigPoller {
  readonly #path: string;
  readonly #everyMs: number;
  readonly #deps: ServerConfigDeps;
  readonly #throttle: Throttle;
  readonly #stop = new AbortController();
  #current = DEFAULT_SERVER_CONFIG;
  #etag = "";
  #running: Promise<void> = Promise.resolve();

  /** `path`: where the last answer is kept. `everyMs`: between two questions, more or less, so that agents do not ask all at once. */
  constructor({ path, everyMs }: { path: string; everyMs: number }, deps: ServerConfigDeps) {
    this.#path = path;
    this.#everyMs = everyMs;
    this.#deps = deps;
    this.#throttle = new Throttle(LOG_EVERY_MS, () => deps.clock.now());
  }

  get current(): ServerConfig {
    return this.#current;
  }

  /** Takes the kept answer, asks once (no longer than `firstAnswerMs`), and then again and again. `onChange` hears of what comes later. */
  async start(firstAnswerMs: number): Promise<void> {
    this.#current = this.#kept() ?? DEFAULT_SERVER_CONFIG;
    const patience = new AbortController();
    await Promise.race([this.#poll(false), this.#deps.clock.sleep(firstAnswerMs, patience.signal)]);
    patience.abort();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#deps.clock.sleep(this.#everyMs * (0.9 + this.#deps.random() / 5), this.#stop.signal);
      if (!this.#stop.signal.aborted) await this.#poll(true);
    }
  }

  async #poll(tell: boolean): Promise<void> {
    try {
      const secret = this.#deps.token();
      const { status, headers, body } = await this.#deps.http.request({
        method: "GET",
        path: "agent/v1/config",
        headers: {
          [HEADER_NODE]: this.#deps.node,
          ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
          ...(this.#etag === "" ? {} : { "if-none-match": this.#etag }),
        },
        signal: this.#stop.signal,
      });
      if ((status === 200 || status === 304) && headers[HEADER_ROTATE] !== undefined) await this.#deps.onRotate?.();
      if (status === 200) this.#take(body, headers.etag ?? "", tell);
      // The uploads meet the same trouble, and say what to do about it.
      else if (status !== 304) this.#deps.log.debug({ status }, "the server gave no configuration");
    } catch (error) {
      this.#deps.log.debug({ why: String(error) }, "the server's configuration could not be fetched");
    }
  }

  #take(body: string, etag: string, tell: boolean): void {
    const result = read(body);
    if (typeof result === "string") {
      this.#throttle.once("malformed", () =>
        this.#deps.log.error({ why: result }, "the server's configuration is not understood: going on with the one before"),
      );
      return;
    }
    this.#etag = etag;
    const changed = JSON.stringify(result) !== JSON.stringify(this.#current);
    this.#current = result;
    if (!changed) return;
    this.#keep(body);
    if (tell) this.#deps.onChange(result);
  }

  #kept(): ServerConfig | null {
    try {
      const result = read(readFileSync(this.#path, "utf8"));
      return typeof result === "string" ? null : result;
    } catch {
      return null; // none was kept yet, or it can't be read: the server will say it again
    }
  }

  #keep(body: string): void {
    try {
      writeFileSync(`${this.#path}.new`, body, { mode: 0o600 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      this.#throttle.once("keep", () =>
        this.#deps.log.warn(
          { why: String(error) },
          "the server's configuration could not be kept: it will be asked for at the next start",
        ),
      );
    }
  }
}

/** The configuration, or what is wrong with it. */
function read(text: string): ServerConfig | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  return result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
}
