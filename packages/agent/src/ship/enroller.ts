/**
 * Gets the agent a token of its own from the server: for an enrolment token, or for the one before. What it made to ask with is kept until
 * the answer is kept: if that is lost on the way, or this process dies, the server gives the same again.
 */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeDirectory, replaceFile } from "../spool/files.ts";
import type { AgentLogger } from "../status/logger.ts";
import { Throttle } from "../status/throttle.ts";
import type { AgentToken } from "./agent-token.ts";
import { wordsOf } from "./answer.ts";
import { ShipError } from "./errors.ts";
import type { HttpAnswer, HttpClient } from "./http.ts";

export interface EnrollerDeps {
  readonly token: AgentToken;
  readonly http: Pick<HttpClient, "request">;
  readonly log: AgentLogger;
}

export type Outcome =
  | "nothing to do"
  | "done"
  | { readonly refused: ShipError; readonly hasNone: boolean }
  | { readonly later: string };

/** What the server is asked with. */
interface Parent {
  readonly token: string;
  readonly insteadOf: string | null;
}

const LOG_EVERY_MS = 60_000;
const answerSchema = z.object({ token: z.string().regex(/^ft_agent_[\w-]{43}$/) });
const keptKeySchema = z.object({ parent: z.string(), key: z.string() });

export class Enroller {
  readonly #node: string;
  readonly #state: string;
  readonly #deps: EnrollerDeps;
  readonly #throttle = new Throttle(LOG_EVERY_MS, () => performance.now());

  constructor(config: { node: string; state: string }, deps: EnrollerDeps) {
    this.#node = config.node;
    this.#state = config.state;
    this.#deps = deps;
  }

  /** Changes the enrolment token, if there is one that was not changed yet. Throws ShipError SHIP_TOKEN_FILE. */
  async enrol(signal?: AbortSignal): Promise<Outcome> {
    const { token } = this.#deps;
    const insteadOf = token.insteadOf();
    const wanted = token.wanted();
    if (wanted === null) return "nothing to do";
    const proof = wanted.proof === null ? {} : { proof: wanted.proof };
    const parent = { token: wanted.token, insteadOf };
    const outcome = await this.#ask("agent/v1/enroll", parent, { node: this.#node, ...proof }, signal);
    if (typeof outcome === "object") token.problem = "refused" in outcome ? outcome.refused.message : outcome.later;
    if (outcome === "done") this.#deps.log.info({ node: this.#node }, "enrolled: the agent has a token of its own");
    return outcome;
  }

  /** The same while the agent runs: says what is wrong, and lets it go on. */
  async tryEnrol(signal: AbortSignal): Promise<void> {
    const outcome = await this.enrol(signal).catch((error: unknown) => ({ later: String(error) }));
    if (typeof outcome !== "object" || signal.aborted) return;
    const why = "refused" in outcome ? outcome.refused.message : outcome.later;
    this.#throttle.once("enrol", () => this.#deps.log.error({ why }, "this node is not enrolled yet: batches wait in the spool"));
  }

  /** Changes the token for a new one, as the server asked. The one before goes on if it fails. */
  async renew(signal: AbortSignal): Promise<void> {
    try {
      const insteadOf = this.#deps.token.insteadOf();
      const old = this.#deps.token.current();
      if (old === null) return;
      const outcome = await this.#ask("agent/v1/token", { token: old, insteadOf }, {}, signal);
      if (outcome === "done") this.#deps.log.info({}, "the agent's token was changed for a new one");
      else if (typeof outcome === "object") throw "refused" in outcome ? outcome.refused : new Error(outcome.later);
    } catch (error) {
      if (!signal.aborted)
        this.#throttle.once("renew", () => this.#deps.log.warn({ why: String(error) }, "the token can't be changed yet"));
    }
  }

  async #ask(path: string, parent: Parent, body: object, signal?: AbortSignal): Promise<Outcome> {
    try {
      const key = this.#keyFor(parent.token);
      const answer = await this.#deps.http.request({
        method: "POST",
        path,
        headers: { authorization: `Bearer ${parent.token}`, "content-type": "application/json" },
        body: Buffer.from(JSON.stringify({ ...body, key })),
        ...(signal === undefined ? {} : { signal }),
      });
      return this.#take(answer, parent);
    } catch (error) {
      return { later: error instanceof Error ? error.message : String(error) };
    }
  }

  #take({ status, body }: HttpAnswer, { insteadOf }: Parent): Outcome {
    const words = wordsOf(body);
    if (status === 200 || status === 201) {
      const read = answerSchema.safeParse(parseJson(body));
      if (!read.success) return { later: `HTTP ${status}, but not a Flowtrail server's answer` };
      if (!this.#deps.token.keep(read.data.token, insteadOf)) return { later: "another token was given meanwhile" };
      rmSync(this.#keyPath, { force: true });
      return "done";
    }
    if (status !== 400 && status !== 401 && status !== 403 && status !== 404 && status !== 409)
      return { later: `HTTP ${status}${words}` };
    const hint = status === 404 ? "; is this a Flowtrail server, and new enough?" : "";
    const message = `the server does not enrol this node: HTTP ${status}${words}${hint}`;
    return { refused: new ShipError({ code: "SHIP_ENROL_REFUSED", status }, message), hasNone: !this.#deps.token.hasOwn };
  }

  get #keyPath(): string {
    return join(this.#state, `${this.#node}.key`);
  }

  /** Throws errors of node:fs. */
  #keyFor(token: string): string {
    const parent = createHash("sha256").update(token).digest("hex");
    const kept = keptKeySchema.safeParse(parseJson(readText(this.#keyPath)));
    if (kept.success && kept.data.parent === parent) return kept.data.key;
    const key = randomBytes(32).toString("base64url");
    makeDirectory(this.#state);
    replaceFile(this.#keyPath, [Buffer.from(JSON.stringify({ parent, key }))]);
    return key;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // none was made yet; one that can't be read is made anew
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // no JSON is no answer
  }
}
