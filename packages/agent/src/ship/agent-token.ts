/**
 * The token that the agent uses now: the one that it was given, or the one that it got for it from the server and keeps in its state directory
 * (by enrolment, or when it was to be changed). What is given anew by people counts more than what is kept for something else.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { makeDirectory, replaceFile } from "../spool/files.ts";
import { ShipError } from "./errors.ts";
import { isEnrolToken, readToken } from "./token.ts";

export interface AgentTokenConfig {
  readonly node: string;
  /** The agent's own directory. */
  readonly state: string;
  readonly tokenFile?: string | undefined;
  readonly enrolTokenFile?: string | undefined;
  readonly enrolToken?: string | undefined;
}

interface Given {
  readonly token: string;
  readonly hash: string;
}

interface Kept {
  readonly token: string;
  /** Hash of the given one that it was got for; null: of none. */
  readonly insteadOf: string | null;
}

const LOOK_MS = 1000;

export class AgentToken {
  readonly #config: AgentTokenConfig;
  /** A token is good for one node only. */
  readonly #path: string;
  /** Why it is not enrolled yet. */
  problem = "the server was not asked yet";

  constructor(config: AgentTokenConfig) {
    this.#config = config;
    this.#path = join(config.state, `${config.node}.token`);
  }

  /** Where people put a new one. */
  get place(): string {
    return this.#config.tokenFile ?? this.#path;
  }

  /** Has it one that it got from the server? */
  get hasOwn(): boolean {
    return this.#kept() !== null;
  }

  /** Null where there is none. Read anew each time, so that a changed file is taken at once. Throws ShipError SHIP_TOKEN_FILE, SHIP_NOT_ENROLLED. */
  current(): string | null {
    const kept = this.#kept();
    const given = this.#given(kept);
    if (given === null) return kept?.token ?? null;
    if (kept?.insteadOf === given.hash) return kept.token;
    if (!isEnrolToken(given.token)) return given.token;
    // It may be good still, and is until there is another.
    if (kept !== null) return kept.token;
    throw new ShipError({ code: "SHIP_NOT_ENROLLED" }, `this node is not enrolled yet: ${this.problem}`);
  }

  /** The enrolment token that is to be changed for one of the agent's own, and what the agent has already; null: there is nothing to do. */
  wanted(): { readonly token: string; readonly proof: string | null } | null {
    const kept = this.#kept();
    const given = this.#given(kept);
    if (given === null || !isEnrolToken(given.token) || kept?.insteadOf === given.hash) return null;
    return { token: given.token, proof: kept?.token ?? null };
  }

  /** Hash of the given token that one from the server stands for now; null: of none. Throws ShipError SHIP_TOKEN_FILE. */
  insteadOf(): string | null {
    const kept = this.#kept();
    return this.#given(kept)?.hash ?? kept?.insteadOf ?? null;
  }

  /**
   * Keeps it, durably, before it is used. False, and nothing is kept: people gave another one since it was asked for. Throws errors of node:fs.
   * @param insteadOf of the moment before it was asked for
   */
  keep(token: string, insteadOf: string | null): boolean {
    if (this.insteadOf() !== insteadOf) return false;
    const why = insteadOf === null ? "" : `instead-of ${insteadOf}\n`;
    makeDirectory(this.#config.state);
    replaceFile(this.#path, [Buffer.from(`${token}\n${why}`)]);
    return true;
  }

  /** Resolves when another one is to be used than this, or when the signal aborts. */
  async changed(from: string | null, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isOther(from)) {
      try {
        await delay(LOOK_MS, undefined, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  #isOther(from: string | null): boolean {
    try {
      return this.current() !== from;
    } catch (error) {
      if (error instanceof ShipError) return false;
      throw error;
    }
  }

  /** Null: none was given, or it was taken away after it had done its work. */
  #given(kept: Kept | null): Given | null {
    const { tokenFile, enrolTokenFile, enrolToken } = this.#config;
    if (tokenFile !== undefined) return resolve(tokenFile) === resolve(this.#path) ? null : givenOf(readToken(tokenFile));
    if (enrolToken !== undefined) return givenOf(enrolToken);
    if (enrolTokenFile === undefined) return null;
    try {
      return givenOf(readToken(enrolTokenFile));
    } catch (error) {
      if (kept !== null) return null;
      throw error;
    }
  }

  #kept(): Kept | null {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw unreadable(this.#path, error);
      return null;
    }
    const [token = "", why = ""] = text.split("\n");
    if (token.trim() === "") return null;
    return { token: token.trim(), insteadOf: /^instead-of (\w+)$/.exec(why.trim())?.[1] ?? null };
  }
}

function givenOf(token: string): Given {
  return { token, hash: createHash("sha256").update(token).digest("hex") };
}

function unreadable(path: string, cause: unknown): ShipError {
  const errno = (cause as NodeJS.ErrnoException).code ?? "unknown";
  return new ShipError({ code: "SHIP_TOKEN_FILE", path }, `the agent's own token in ${path} can't be read (${errno})`, { cause });
}
