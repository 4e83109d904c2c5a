/** The port to whoever knows what connections are called: the tracker asks when it writes a flow's first rows, and hears of names that come later. */
import { DOMAIN_SOURCES, type DomainSource } from "@flowtrail/model";
import type { FlowKey } from "./flow-key.ts";

/** One flow, as far as a name can depend on it. Reused: copy what you keep. */
export interface NamedFlow {
  /** Original source and destination. */
  readonly key: FlowKey;
  /** Source at 0, destination at 16 after translation, if one was translated; else null. */
  translated: Uint8Array | null;
  translatedSrcPort: number;
  translatedDstPort: number;
  network: string;
  /** ms since 1970. */
  startMs: number;
  /** False: it may have begun somewhat earlier. */
  startExact: boolean;
  /** When its last packet came, ms since 1970; Infinity while more may come. */
  endMs: number;
  /** Names the flow to `takeLate`: slot and flow id. */
  slot: number;
  idLow: number;
  idHigh: number;
}

export interface FoundName {
  domain: string | null;
  source: DomainSource | null;
  /** The domain stands for the provider, perhaps: any other source is better. */
  outer: boolean;
  /** What the client offered to speak (ALPN). */
  app: string | null;
}

/** In the place of a domain of which nothing is recorded: no host is called so. */
export const EXCLUDED_DOMAIN = "*";

export interface FlowNames {
  /** May names that are learned in this network be ones of which nothing is recorded? */
  excludesIn(network: string): boolean;
  /** The best that is known of a flow, into `found`. False if nothing is. */
  look(flow: NamedFlow, found: FoundName): boolean;
  /** Flows of which something became known after they were asked about. */
  takeLate(visit: (slot: number, idLow: number, idHigh: number) => void): void;
}

export interface FlowOwner {
  readonly uid: number;
  /** Name of the program; null if it is not known. */
  readonly process: string | null;
}

/** The port to whoever knows which local program a flow belongs to. */
export interface FlowOwners {
  /** Of a flow of this host, of which it is the source, else the destination; null if it is not known (yet). */
  ownerOf(key: FlowKey, isSource: boolean): FlowOwner | null;
}

export const NO_NAMES: FlowNames = { excludesIn: () => false, look: () => false, takeLate: () => undefined };

/** Sources in the order of trust, `outer` last but one: "sni, quic, http, dns". Less is better. */
export function rankOf(source: DomainSource | null, outer: boolean): number {
  if (source === null) return DOMAIN_SOURCES.length + 1;
  return outer ? DOMAIN_SOURCES.length : DOMAIN_SOURCES.indexOf(source);
}
