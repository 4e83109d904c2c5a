/**
 * Which stored flow an event is of. START and DESTROY of one connection share host, flow id and tuple (identity.ts), but not when it began: START
 * tells when the agent heard of it (or nothing, in 1.4), DESTROY the kernel's own stamp. The first event that is stored decides the flow's start,
 * which is a part of its key. Two connections that look alike never overlap: the kernel has one entry for a tuple.
 */
import { eventEndMs, eventStartMs, type FlowPlace } from "./convert.ts";
import type { NetmakerEvent } from "./event.ts";
import { flowKey, tupleOf } from "./identity.ts";

/** A flow that was heard of. */
export interface KnownFlow extends FlowPlace {
  startMs: number;
  startExact: boolean;
  /** As it is stored; 0: open. */
  endMs: number;
  /** Start as its DESTROY told it; null: none came yet, or it was told to an earlier run. */
  destroyStartMs: number | null;
  /** Did a START come? Of what an earlier run stored it is not known: false. */
  isStarted: boolean;
  /** What the store has to say of it before it is used; null: nothing, or it has been said. */
  question: Question | null;
  /** An earlier one of the same host, id and tuple. */
  older: KnownFlow | null;
}

/** A DESTROY of a flow that is not known here: the store may know it. */
export interface Question {
  readonly hostId: string;
  /** Of `tupleOf`. */
  readonly tuple: string;
  readonly flow: KnownFlow;
  /** Of its DESTROY. */
  readonly startMs: number;
  readonly endMs: number;
}

/** A flow as the store has it. */
export interface StoredFlow {
  readonly startMs: number;
  /** 0: open or lost. */
  readonly endMs: number;
}

export interface PlacesConfig {
  /** Flows that are remembered. */
  readonly capacity: number;
  /** Others write into the same store. */
  readonly shared: boolean;
}

/** Two clocks of one machine, and an entry that was removed before its START was handled. */
const SLACK_MS = 1000;
/** Flows that an agent told of before it first spoke here may be stored, and a little after: envelopes are not in strict order. */
const MARGIN_MS = 60_000;
const MAX_HOSTS = 100_000;
/** Of one key. */
const MAX_ALIKE = 8;
const neverTold = { endMs: 0, destroyStartMs: null, isStarted: false, question: null } as const;

export class FlowPlaces {
  readonly #config: PlacesConfig;
  /** Two generations: what was not heard of for as long as it takes to fill one is forgotten. */
  #young = new Map<number, KnownFlow>();
  #old = new Map<number, KnownFlow>();
  #hasForgotten = false;
  /** When each host was first heard of here, by its own clock. */
  readonly #firstMs = new Map<string, number>();

  constructor(config: PlacesConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** The event's flow, and what is to be asked of the store about it before it is used. */
  find(event: NetmakerEvent, nowMs: number): { readonly flow: KnownFlow; readonly question: Question | null } {
    const key = flowKey(event);
    const newest = this.#newest(key);
    const known = match(newest, event, nowMs);
    const atMs = event.versionMs > 0 ? event.versionMs : eventStartMs(event, nowMs);
    const firstMs = this.#first(event.hostId, atMs);
    if (known !== null) {
      told(known, event, nowMs);
      // Whoever asked first may have had no answer yet, or gone away without one.
      return { flow: known, question: known.question };
    }
    const startMs = eventStartMs(event, nowMs);
    const startExact = event.kind === "start" || event.startMs > 0;
    const flow: KnownFlow = { ...neverTold, key, startMs, startExact, older: newest };
    told(flow, event, nowMs);
    this.#young.set(key, shortened(flow));
    const mayBeStored = this.#config.shared || this.#hasForgotten || firstMs === null || startMs <= firstMs + MARGIN_MS;
    // A START that comes again has the same key as before: its start is its own.
    if (event.kind === "destroy" && mayBeStored) {
      const { hostId, startMs } = event;
      flow.question = { hostId, tuple: tupleOf(event), flow, startMs, endMs: eventEndMs(event, nowMs) };
    }
    return { flow, question: flow.question };
  }

  #newest(key: number): KnownFlow | null {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const flow = this.#old.get(key);
    if (this.#young.size >= this.#config.capacity / 2) {
      this.#hasForgotten ||= this.#old.size > 0;
      this.#old = this.#young;
      this.#young = new Map();
    }
    if (flow !== undefined) this.#young.set(key, flow);
    return flow ?? null;
  }

  #first(hostId: string, atMs: number): number | null {
    const known = this.#firstMs.get(hostId);
    if (known !== undefined) return known;
    if (this.#firstMs.size >= MAX_HOSTS) return null;
    this.#firstMs.set(hostId, atMs);
    return atMs;
  }
}

/** Takes what the store has for an answer: the flow is one of these, or none of them. Only the first answer counts: rows may be stored by it. */
export function settle(question: Question, stored: readonly StoredFlow[]): void {
  const { flow, startMs, endMs } = question;
  if (flow.question !== question) return;
  flow.question = null;
  let chain: KnownFlow | null = null;
  for (const one of stored) {
    chain = { ...neverTold, key: flow.key, ...one, startExact: true, isStarted: one.endMs === 0, older: chain };
  }
  const found = ofDestroy(chain, startMs, endMs);
  if (found === null || found.startMs === flow.startMs) return;
  flow.startMs = found.startMs;
  flow.startExact = true;
  flow.endMs = Math.max(flow.endMs, found.startMs);
}

function match(newest: KnownFlow | null, event: NetmakerEvent, nowMs: number): KnownFlow | null {
  if (newest === null) return null;
  if (event.kind === "destroy") return ofDestroy(newest, event.startMs, eventEndMs(event, nowMs));
  return ofStart(newest, event, nowMs);
}

function ofStart(newest: KnownFlow, event: NetmakerEvent, nowMs: number): KnownFlow | null {
  const startMs = eventStartMs(event, nowMs);
  const isTimeless = event.startMs <= 0 && event.versionMs <= 0;
  for (let flow: KnownFlow | null = newest; flow !== null; flow = flow.older) {
    if (flow.isStarted ? flow.startMs === startMs || (isTimeless && flow.endMs === 0) : isWithin(startMs, flow)) return flow;
  }
  return null;
}

/** Its DESTROY came first. */
function isWithin(startMs: number, flow: KnownFlow): boolean {
  return startMs >= flow.startMs - SLACK_MS && startMs <= flow.endMs + SLACK_MS;
}

/** @param startMs not above 0: it tells none */
function ofDestroy(newest: KnownFlow | null, startMs: number, endMs: number): KnownFlow | null {
  let best: KnownFlow | null = null;
  for (let flow = newest; flow !== null; flow = flow.older) {
    if (!isSame(flow, startMs, endMs)) continue;
    // Told before, or the one that began nearest to it: of those that tell no start the newest one.
    if (flow.endMs > 0) return flow;
    const distance = (one: KnownFlow) => (startMs > 0 ? Math.abs(one.startMs - startMs) : endMs - one.startMs);
    if (best === null || distance(flow) < distance(best)) best = flow;
  }
  return best;
}

function isSame(flow: KnownFlow, startMs: number, endMs: number): boolean {
  const isInLife = flow.startMs >= startMs - SLACK_MS && flow.startMs <= endMs + SLACK_MS;
  if (flow.endMs === 0) return isInLife;
  if (flow.endMs !== Math.max(endMs, flow.startMs)) return false;
  return flow.destroyStartMs === null ? isInLife : flow.destroyStartMs === startMs;
}

function told(flow: KnownFlow, event: NetmakerEvent, nowMs: number): void {
  if (event.kind === "start") flow.isStarted = true;
  else {
    flow.endMs = Math.max(eventEndMs(event, nowMs), flow.startMs);
    flow.destroyStartMs = event.startMs;
  }
}

function shortened(newest: KnownFlow): KnownFlow {
  let flow = newest;
  for (let i = 1; i < MAX_ALIKE && flow.older !== null; i++) flow = flow.older;
  flow.older = null;
  return newest;
}
