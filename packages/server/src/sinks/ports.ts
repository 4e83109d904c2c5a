/** What the engine of the sinks, their formats and their transports say to each other. */
import type { JsonRow } from "@flowtrail/model";
import type { Logger } from "../store/logger.ts";

export const EVENT_KINDS = ["opened", "ended"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** That one flow, as one reporter saw it, was opened or has ended. */
export interface SinkEvent {
  /** The same whenever it is sent, and for every edition of the record: made of reporter, flow and kind. Letters, digits and `-_.:`, 128 at most. */
  readonly id: string;
  readonly kind: EventKind;
  /** A 64-bit number. What is known of a record may be revised later (names, whether it counts): then it is sent again with a higher one. */
  readonly version: string;
  readonly revised: boolean;
  /** When the store took it, ms since 1970. */
  readonly storedMs: number;
  /** All columns, as `GET /api/flows` tells them: times RFC 3339, addresses as text, 64-bit numbers beyond 2^53 as text, null where unknown. */
  readonly flow: JsonRow;
}

/** One event is one line. */
export interface LineFormat {
  readonly kind: "lines";
  readonly name: string;
  /** Of lines, each with a newline behind it. */
  readonly contentType: string;
  /** Without a dot. */
  readonly extension: string;
  /** The lines are JSON objects, so that they may stand in an array or in an envelope. */
  readonly isJson: boolean;
  /** First line of a file; null: none. */
  readonly head: string | null;
  /** An event may be several lines, with newlines between them. */
  readonly several?: true;
  /** Without the newline, and without one in it (but see `several`). Throws for an event that it can't tell: that one is parked. */
  line(event: SinkEvent): string;
}

/** Many events are one body. */
export interface BodyFormat {
  readonly kind: "body";
  readonly name: string;
  readonly contentType: string;
  readonly extension: string;
  body(events: readonly SinkEvent[]): Promise<Uint8Array>;
}

export type Format = LineFormat | BodyFormat;

/** Why it was refused, as a word that is counted by, and in the words of the endpoint (500 characters at most, no secrets). */
export interface Why {
  /** Such as `http_400`, `mapping`, `too_large`, `timeout`, `unreachable`, `unauthorized`, `tls`. */
  readonly reason: string;
  readonly message: string;
}

export interface Refused extends Why {
  /** Of the event among those that were sent. */
  readonly index: number;
}

export type SendResult =
  /** All of them are kept there; but for `unnamed`, which it refused for good without saying which (OTLP). */
  | { readonly kind: "taken"; readonly unnamed?: { readonly count: number } & Why }
  /** All others are kept there. `refused`: for good, these are parked. `again`: to be sent again, by their index. */
  | {
      readonly kind: "partly";
      readonly refused: readonly Refused[];
      readonly again: readonly number[];
      readonly retryAfterMs: number | null;
    }
  /** None, for a reason that may pass: down, slow, overloaded, wrong credentials. All are sent again, not before that. */
  | ({ readonly kind: "not_now"; readonly retryAfterMs: number | null } & Why)
  /** None, because of what was sent (a 400, a 413): the engine sends halves until it knows which one, and parks that. */
  | ({ readonly kind: "refused" } & Why);

/** Where events are handed to. Made for one sink, with its format; used by one caller at a time. */
export interface Transport {
  /** Of one `send`, at most. */
  readonly batch: {
    readonly maxEvents: number;
    /** Waits so long for more of them (files and objects that should not be tiny); 0: sends what there is. */
    readonly lingerMs: number;
  };
  /** What it needs before the first `send`. Throws if that is not possible; it is tried again later. */
  open(signal: AbortSignal): Promise<void>;
  /** Resolves when the events are as durable there as they ever will be. A throw counts as `not_now`. */
  send(events: readonly SinkEvent[], signal: AbortSignal): Promise<SendResult>;
  close(): Promise<void>;
}

export interface TransportDeps {
  readonly format: Format;
  /** Opened, by name. Those that are not set are missing. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Readable id of the sink, for names of files. */
  readonly sink: string;
  /** The server's data directory. */
  readonly dataDir: string;
  /** `outgoing.allow_link_local` */
  readonly allowLinkLocal: boolean;
  /** `User-Agent` and `observer.version`. */
  readonly version: string;
  readonly now: () => number;
  readonly logger: Logger;
}

/** A kind of transport, for the registry (`transports/registry.ts`). `C`: its part of a sink's configuration. */
export interface TransportKind<C> {
  readonly kind: string;
  /** Names of the secrets that it knows. */
  readonly secrets: readonly string[];
  /** Names of the formats that it takes, the one that is meant if none is named first. */
  readonly formats: readonly string[];
  make(config: C, deps: TransportDeps): Transport;
}
