/** Makes an agent's token of an enrolment token, on first contact. What comes twice, because an answer was lost, is answered twice with the same. */
import { createHash, createHmac } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Claim, Enrolments } from "../store/enrolments.ts";
import type { Token } from "../store/token-rows.ts";
import type { Tokens } from "../store/tokens.ts";
import { EnrolError, type EnrolErrorData } from "./enrol-errors.ts";
import type { EnrolTerms } from "./enrol-terms.ts";

export interface EnrolDeps {
  readonly tokens: Tokens;
  readonly enrolments: Enrolments;
  readonly now: () => number;
  readonly random: () => number;
  /** The id that the inventory has for a node's name. */
  readonly nodeId: (name: string) => string;
  /** Has a reporter of this id ever delivered? */
  readonly isHeard: (nodeId: string) => boolean;
  readonly onEnrolled: (token: { node: string; name: string; createdMs: number }) => void;
}

export interface EnrolRequest {
  /** The enrolment token. */
  readonly secret: string;
  readonly node: string;
  /** 256 random bits of the agent's own: who has them and the enrolment token is the same agent. */
  readonly key: string;
  /** A token that the agent has already. */
  readonly proof?: string | undefined;
}

export interface Enrolled {
  readonly secret: string;
  readonly token: Token;
}

/** An answer that was lost is given again for so long. */
const AGAIN_MS = 3_600_000;
const BUSY_TRIES = 6;
const BUSY_MS = 150;

export class Enrol {
  readonly #deps: EnrolDeps;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: EnrolDeps) {
    this.#deps = deps;
  }

  /** @throws EnrolError, StoreError */
  async enrol(request: EnrolRequest): Promise<Enrolled> {
    const token = await this.#deps.tokens.lookUp(request.secret);
    if (token?.kind !== "enrol" || token.terms === null) throw refused("ENROL_UNKNOWN");
    if (token.revokedMs !== null) throw refused("ENROL_REVOKED");
    assertName(request.node, token.terms);
    const done = this.#turn.then(() => this.#inTurn(token, token.terms as EnrolTerms, request));
    // Whoever asked is told.
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** One after the other on this server; `Enrolments` counts right between servers. */
  async #inTurn(enrolToken: Token, terms: EnrolTerms, request: EnrolRequest): Promise<Enrolled> {
    const { tokens, enrolments, nodeId } = this.#deps;
    const node = nodeId(request.node);
    const secret = derivedSecret(request.key, request.secret, node);
    const expired = enrolToken.expiresMs !== null && enrolToken.expiresMs <= this.#deps.now();
    const { claim, again } = await this.#claim(enrolToken, node, request.key, expired ? 0 : terms.uses);
    const made = again ? await tokens.lookUp(secret) : null;
    if (made !== null) {
      if (made.revokedMs !== null) throw refused("ENROL_REVOKED");
      return { secret, token: made };
    }
    let replaces: readonly string[];
    try {
      replaces = await this.#replaced(node, request, terms);
    } catch (error) {
      await enrolments.withdraw(claim);
      throw error;
    }
    const { grant } = enrolToken;
    const { token } = await tokens.create({ kind: "agent", name: request.node, node, grant, replaces, secret });
    await enrolments.done(claim);
    this.#deps.onEnrolled({ node, name: request.node, createdMs: token.createdMs });
    const uses = (await enrolments.uses()).get(enrolToken.id) ?? 0;
    if (uses >= terms.uses) await tokens.change(enrolToken.id, { spentMs: this.#deps.now() });
    return { secret, token };
  }

  async #claim(token: Token, node: string, key: string, uses: number): Promise<{ claim: Claim; again: boolean }> {
    const keyHash = hashOf(key);
    for (let tries = 0; tries < BUSY_TRIES; tries++) {
      const result = await this.#deps.enrolments.claim({ token: token.id, node, keyHash, uses });
      if (result.kind === "spent") throw refused(uses === 0 ? "ENROL_EXPIRED" : "ENROL_SPENT");
      if (result.kind === "again" && result.claim.atMs < this.#deps.now() - AGAIN_MS) throw refused("ENROL_SPENT");
      if (result.kind !== "busy") return { claim: result.claim, again: result.kind === "again" };
      await delay(BUSY_MS * (1 + tries) * this.#deps.random());
    }
    throw new EnrolError({ code: "ENROL_BUSY", retryAfterMs: 5000 }, "others are being enrolled at this moment: try again");
  }

  /** Tokens that end when the new one is used. @throws EnrolError ENROL_NODE_TAKEN */
  async #replaced(node: string, { node: name, proof }: EnrolRequest, { replace }: EnrolTerms): Promise<readonly string[]> {
    const { tokens, isHeard } = this.#deps;
    const own = (await tokens.list()).filter((token) => token.kind === "agent" && token.node === node);
    const live = own.filter(({ revokedMs }) => revokedMs === null).map(({ id }) => id);
    if (replace) return live;
    const proven = proof === undefined ? null : await tokens.find(proof);
    if (proven?.kind === "agent" && proven.node === node) return [proven.id];
    if (own.length === 0 && !isHeard(node)) return [];
    throw refused("ENROL_NODE_TAKEN", name);
  }
}

/** The same for the same agent, and known to nobody who has not both. */
export function derivedSecret(key: string, parent: string, node: string): string {
  const bytes = createHmac("sha256", key).update(`flowtrail agent token\0${parent}\0${node}`).digest("base64url");
  return `ft_agent_${bytes}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function assertName(name: string, { node, nodePrefix }: EnrolTerms): void {
  if (node !== null && name !== node) throw refused("ENROL_OTHER_NODE", `${node}, and this agent calls itself ${name} (--node)`);
  if (nodePrefix !== null && !name.startsWith(nodePrefix))
    throw refused("ENROL_OTHER_NODE", `nodes whose name begins with ${nodePrefix}, and this agent calls itself ${name} (--node)`);
}

const NEW_ONE = "make a new one on the server: flowtrail token create --enrol";

function refused(code: Exclude<EnrolErrorData["code"], "ENROL_BUSY">, about = ""): EnrolError {
  return new EnrolError({ code }, sentence(code, about));
}

function sentence(code: Exclude<EnrolErrorData["code"], "ENROL_BUSY">, about: string): string {
  switch (code) {
    case "ENROL_UNKNOWN":
      return `this is no enrolment token of this server; ${NEW_ONE}`;
    case "ENROL_REVOKED":
      return `the enrolment token was revoked; ${NEW_ONE}`;
    case "ENROL_EXPIRED":
      return `the enrolment token is too old; ${NEW_ONE}`;
    case "ENROL_SPENT":
      return `the enrolment token was used up already; ${NEW_ONE}`;
    case "ENROL_OTHER_NODE":
      return `the enrolment token is for ${about}`;
    case "ENROL_NODE_TAKEN":
      return `there is an agent called ${about} already. If this one shall take its place: flowtrail token create --enrol --node ${about} --replace; else choose another name (--node)`;
    case "ROTATION_NOT_ASKED":
      return "nobody asked for a new token: flowtrail token rotate --node NAME";
  }
}
