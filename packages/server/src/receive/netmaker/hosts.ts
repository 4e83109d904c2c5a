/** The hosts that events say they are of: whom the inventory has for each, and how many there may be. Anybody can make up any number of them. */
import type { ReceiveDeps } from "../ports.ts";
import type { ConvertContext, Problem } from "./convert.ts";

/** An agent tells of its own host only. */
const MAX_OF_ENVELOPE = 4;
/** Each is remembered in several places, as a reporter. */
const MAX_UNKNOWN = 5000;
/** Its place is somebody else's when nothing was heard of it for so long. */
const FORGET_MS = 24 * 3_600_000;

/** Hosts that report, and that the inventory does not know. */
export class UnknownHosts {
  /** When each was last heard of; who spoke last is the last. */
  readonly #heardMs = new Map<string, number>();

  /** False: there are too many already. */
  admit(hostId: string, nowMs: number): boolean {
    if (!this.#heardMs.delete(hostId) && this.#heardMs.size >= MAX_UNKNOWN) {
      const [[oldest, lastMs] = ["", 0]] = this.#heardMs;
      if (lastMs > nowMs - FORGET_MS) return false;
      this.#heardMs.delete(oldest);
    }
    this.#heardMs.set(hostId, nowMs);
    return true;
  }
}

/** The hosts of one envelope: each is looked up once. */
export class EnvelopeHosts {
  readonly #identify: ReceiveDeps["identify"];
  readonly #hasToken: (nodeId: string) => boolean;
  readonly #unknown: UnknownHosts;
  readonly #limits: Pick<ConvertContext, "nowMs" | "oldestMs">;
  readonly #contexts = new Map<string, ConvertContext>();

  /** @param hasToken has this node an agent of ours, with a token? */
  constructor(
    deps: { readonly identify: ReceiveDeps["identify"]; readonly hasToken: (nodeId: string) => boolean },
    unknown: UnknownHosts,
    limits: Pick<ConvertContext, "nowMs" | "oldestMs">,
  ) {
    this.#identify = deps.identify;
    this.#hasToken = deps.hasToken;
    this.#unknown = unknown;
    this.#limits = limits;
  }

  /** What an event of this host is converted with, or why it is refused. */
  of(hostId: string): ConvertContext | Problem {
    let context = this.#contexts.get(hostId);
    if (context !== undefined) return context;
    if (this.#contexts.size === MAX_OF_ENVELOPE)
      return { code: "OUT_OF_RANGE", message: `events of more than ${MAX_OF_ENVELOPE} hosts in an envelope` };
    const host = this.#identify.node(hostId);
    // Who comes here brings no credentials: it must not speak for those who have to.
    if (this.#hasToken(host.id) || this.#hasToken(hostId))
      return {
        code: "REPORTER_MISMATCH",
        message: `${hostId.slice(0, 100)} has an agent with a token, which alone reports for it`,
      };
    const isUnknown = host.id === hostId && host.name === hostId;
    if (isUnknown && !this.#unknown.admit(hostId, this.#limits.nowMs))
      return { code: "OUT_OF_RANGE", message: `more than ${MAX_UNKNOWN} hosts that the inventory does not know` };
    context = this.#make(hostId, host);
    this.#contexts.set(hostId, context);
    return context;
  }

  #make(hostId: string, host: { readonly id: string; readonly name: string }): ConvertContext {
    const own = new Map<string, boolean | null>();
    const isOwnNode = (nodeId: string) => {
      let is = own.get(nodeId);
      if (is === undefined) {
        const node = this.#identify.node(nodeId);
        is = node.id === host.id ? true : node.id === nodeId && node.name === nodeId ? null : false;
        own.set(nodeId, is);
      }
      return is;
    };
    return { ...this.#limits, reporterName: host.name === hostId ? null : host.name, isOwnNode };
  }
}
