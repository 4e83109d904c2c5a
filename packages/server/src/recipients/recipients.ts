/**
 * Tells people and programs of alerts. What is to be told is stored first, for each recipient on its own, and sent afterwards by one of the
 * servers: each message at least once, in the order of its alert's events, until the other side took it or a day has passed.
 */
import type { Alert } from "@flowtrail/model";
import type { AlertEvent, TellAlert } from "../alerts/tell.ts";
import type { Lease } from "../store/leases.ts";
import type { NoticeCounts, NoticesLog } from "../store/notices-log.ts";
import type { RecipientBook, WantedRecipient } from "./book.ts";
import { unknownRecipient } from "./book.ts";
import { RecipientError } from "./errors.ts";
import { tellsOneByOne } from "./kinds.ts";
import type { LaneRules } from "./lane.ts";
import { type LaneConfig, LaneRunner } from "./lane-runner.ts";
import { type Entry, entryOf, type Message } from "./message.ts";
import { idOfAll, type Notice, newNotice } from "./notice.ts";
import { type Outcome, refused } from "./outcome.ts";
import type { Recipient } from "./recipient.ts";
import type { Send } from "./send.ts";
import { toldOf } from "./takes.ts";
import { testEvent } from "./test-event.ts";

export interface RecipientsConfig extends LaneConfig {
  /** Several servers: what others stored or changed is looked for this often. */
  readonly pollMs: number;
  /** More than that of one recipient are parked at once. */
  readonly maxWaiting: number;
  /** Where the page is, for links; null: nobody said so. */
  readonly pageUrl: () => string | null;
}

export interface RecipientsDeps {
  readonly book: RecipientBook;
  readonly log: NoticesLog;
  readonly lease: Lease;
  readonly send: Send;
  readonly now: () => number;
  readonly random: () => number;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface RecipientReport extends Omit<NoticeCounts, "recipient"> {
  readonly id: string;
  readonly name: string;
  readonly kind: Recipient["kind"];
  readonly enabled: boolean;
}

export const RECIPIENTS: Omit<RecipientsConfig, "pollMs" | "pageUrl"> = {
  retry: { firstMs: 5000, maxMs: 1_800_000 },
  pause: { firstMs: 2000, maxMs: 300_000 },
  giveUpMs: 86_400_000,
  maxInMemory: 1000,
  maxWaiting: 10_000,
};

export class Recipients {
  readonly #config: RecipientsConfig;
  readonly #deps: RecipientsDeps;
  readonly #lanes = new Map<string, LaneRunner>();
  #counts: ReadonlyMap<string, NoticeCounts> = new Map();
  #lastPlace = 0;
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(config: RecipientsConfig, deps: RecipientsDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  get book(): RecipientBook {
    return this.#deps.book;
  }

  /** What waits from before is sent from now on. */
  start(): void {
    this.#plan(0);
  }

  /** What is being sent is broken off, and sent again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#polling;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }

  /** See `TellAlert`. @throws StoreError */
  readonly tell: TellAlert = async (event: AlertEvent) => {
    const { book, log, now } = this.#deps;
    const told = [...new Set([...toldOf(event, book.recipients), ...(await this.#toldBefore(event))])];
    if (told.length === 0) return;
    const made = told.map(({ id }) => this.#bounded(newNotice(id, event, this.#nextPlace(), now())));
    const known = await log.known(
      made.map(({ recipient }) => recipient),
      made.map(({ id }) => id),
    );
    const news = made.filter(({ id }) => !known.has(id));
    await log.write(news);
    if (!this.#deps.lease.isMine) return;
    for (const notice of news) if (notice.state === "waiting") this.#lane(notice.recipient).add([notice]);
  };

  /** Whoever was told that it began is told that it is over, also when its rule names others now, or is gone. */
  async #toldBefore({ kind, alert, rule }: AlertEvent): Promise<readonly Recipient[]> {
    const { book, log, now } = this.#deps;
    if (kind !== "resolved") return [];
    const able = book.recipients.filter(({ enabled, resolved }) => enabled && resolved);
    const began = new Map(able.map((one) => [newNotice(one.id, { kind: "opened", alert, rule }, 0, now()).id, one]));
    const known = await log.known(
      able.map(({ id }) => id),
      [...began.keys()],
    );
    return [...began].flatMap(([id, one]) => (known.has(id) ? [one] : []));
  }

  /** Sends a message that says it is a test, at once and once. @throws RecipientError, SecretsError */
  async test(wanted: WantedRecipient, before: Recipient | null): Promise<Outcome> {
    const address = this.#deps.book.addressOf(wanted, before);
    const nowMs = this.#deps.now();
    const id = idOfAll([{ id: `test ${nowMs}` }, { id: wanted.name }]);
    return this.#deps.send(this.#message([{ id, event: testEvent(nowMs) }], id, true), address, this.#stopping.signal);
  }

  /** @throws RecipientError RECIPIENT_UNKNOWN, StoreError */
  async undelivered(recipient: string): Promise<Notice[]> {
    if (this.#deps.book.find(recipient) === null) throw unknownRecipient(recipient);
    return this.#deps.log.undelivered(recipient);
  }

  /** Tries it again now, and for a day. @throws RecipientError, StoreError */
  async retry(recipient: string, id: string): Promise<void> {
    const notice = await this.#find(recipient, id);
    const { now, log, lease } = this.#deps;
    const again: Notice = { ...notice, version: notice.version + 1, state: "waiting", attempts: 0, triedMs: null, nextMs: now() };
    await log.write([again]);
    if (lease.isMine) this.#lane(recipient).retryNow(again);
  }

  /** It is never told. @throws RecipientError, StoreError */
  async drop(recipient: string, id: string): Promise<void> {
    const notice = await this.#find(recipient, id);
    this.#lanes.get(recipient)?.forget(id);
    await this.#deps.log.write([{ ...notice, version: notice.version + 1, state: "dropped" }]);
  }

  /** What is told of such alerts is not told any more, and not written again. What is being sent right now is. */
  forget(isGone: (alert: Alert) => boolean): void {
    for (const lane of this.#lanes.values()) lane.forgetAll((notice) => isGone(notice.event.alert));
  }

  /** What was to be told to a recipient that there is no more. @throws StoreError */
  async dropAll(recipient: string): Promise<void> {
    const lane = this.#lanes.get(recipient);
    this.#lanes.delete(recipient);
    await lane?.stop();
    for (;;) {
      const left = await this.#deps.log.undelivered(recipient);
      if (left.length === 0) return;
      await this.#deps.log.write(left.map((notice) => ({ ...notice, version: notice.version + 1, state: "dropped" })));
    }
  }

  /** @throws StoreError */
  async report(): Promise<RecipientReport[]> {
    await this.#count();
    return this.#deps.book.recipients.map(({ id, name, kind, enabled }) => {
      const { waiting = 0, parked = 0, sentMs = null, failedMs = null, error = "" } = this.#counts.get(id) ?? {};
      return { id, name, kind, enabled, waiting, parked, sentMs, failedMs, error };
    });
  }

  async #count(): Promise<void> {
    this.#counts = new Map((await this.#deps.log.counts()).map((counts) => [counts.recipient, counts]));
  }

  async #find(recipient: string, id: string): Promise<Notice> {
    if (this.#deps.book.find(recipient) === null) throw unknownRecipient(recipient);
    const notice = await this.#deps.log.find(recipient, id);
    if (notice !== null) return notice;
    throw new RecipientError({ code: "NOTICE_UNKNOWN", id }, `nothing of that id waits or is parked for ${recipient}`);
  }

  #bounded(notice: Notice): Notice {
    const { maxWaiting } = this.#config;
    if ((this.#counts.get(notice.recipient)?.waiting ?? 0) < maxWaiting) return notice;
    return {
      ...notice,
      state: "parked",
      error: `more than ${maxWaiting} wait for this recipient already`,
      failedMs: notice.createdMs,
    };
  }

  /** Of one server always later; between servers their clocks decide. */
  #nextPlace(): number {
    this.#lastPlace = Math.max(this.#lastPlace + 1, this.#deps.now() * 1000);
    return this.#lastPlace;
  }

  #plan(waitMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll()
        .catch((error: unknown) =>
          this.#deps.logger.warn({ err: error }, "what recipients are to be told could not be read, it is tried again"),
        )
        .then(() => this.#plan(this.#config.pollMs));
    }, waitMs);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const { book, log, lease } = this.#deps;
    await book.refresh();
    if (!lease.isMine) {
      for (const lane of this.#lanes.values()) lane.clear();
      return;
    }
    const { maxInMemory } = this.#config;
    const before = new Map([...this.#lanes].map(([id, lane]) => [id, lane.ids]));
    const read = Map.groupBy(await log.waiting(maxInMemory), ({ recipient }) => recipient);
    await this.#count();
    for (const { id } of book.recipients) {
      const found = read.get(id) ?? [];
      if (found.length > 0 || before.has(id))
        this.#lane(id).reconcile(found, found.length < maxInMemory, before.get(id) ?? new Set());
    }
  }

  #lane(id: string): LaneRunner {
    const known = this.#lanes.get(id);
    if (known !== undefined) return known;
    const { now, random, logger, lease, log, book } = this.#deps;
    const made = new LaneRunner(id, this.#config, {
      now,
      random,
      logger,
      rules: () => rulesOf(book.find(id)),
      isMine: () => lease.isMine && !this.#stopping.signal.aborted,
      send: (notices, signal) => this.#send(id, notices, signal),
      store: (notices) => log.write(notices),
    });
    this.#lanes.set(id, made);
    made.start();
    return made;
  }

  async #send(recipient: string, notices: readonly Notice[], signal: AbortSignal): Promise<Outcome> {
    const { book, send, logger } = this.#deps;
    const found = book.find(recipient);
    if (found === null) return refused("there is no such recipient any more", { isFinal: true });
    try {
      const outcome = await send(this.#message(notices, idOfAll(notices), false), book.open(found), signal);
      if (outcome.error !== null)
        logger.warn({ recipient, error: outcome.error, isFinal: outcome.isFinal }, "a recipient was not told");
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      // A key file that is away may come back.
      logger.warn({ err: error, recipient }, "a recipient could not be told");
      return refused((error as Error).message);
    }
  }

  #message(notices: readonly Pick<Notice, "id" | "event">[], id: string, isTest: boolean): Message {
    const base = this.#config.pageUrl();
    const entries = notices.map((notice) => entryOf(notice, base)) as [Entry, ...Entry[]];
    return { id, madeMs: this.#deps.now(), isTest, entries };
  }
}

function rulesOf(recipient: Recipient | null): LaneRules | null {
  if (recipient === null || !recipient.enabled) return null;
  return { ...recipient, oneByOne: tellsOneByOne(recipient.kind, recipient.settings) };
}
