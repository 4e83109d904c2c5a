/** What watchers know besides the log: policies, and lists of addresses and domains. */
import { join } from "node:path";
import { HttpPost } from "../../outgoing/http-post.ts";
import type { Watcher } from "../watcher.ts";
import { ListShelf, MOST_LIST_BYTES, type ShelfDeps } from "./list-shelf.ts";
import { ListUpdates } from "./list-updates.ts";
import { PolicyBook, type PolicySettings } from "./policy-book.ts";
import { namedWatchers } from "./watchers.ts";

export interface KnownDeps extends ShelfDeps {
  readonly dataDir: string;
  readonly book: PolicySettings;
  /** `outgoing.allow_link_local` */
  readonly allowLinkLocal: boolean;
  readonly now: () => number;
  readonly roster: { isRemoved(reporterId: string): boolean };
}

const FETCH_MS = 120_000;

export class Known {
  readonly lists: ListShelf;
  readonly updates: ListUpdates;
  readonly policies: PolicyBook;
  readonly watchers: readonly Watcher[];

  constructor({ dataDir, book, roster, allowLinkLocal, now, logger }: KnownDeps) {
    const directory = join(dataDir, "lists");
    this.lists = new ListShelf(directory, { logger });
    const http = new HttpPost({ timeoutMs: FETCH_MS, maxAnswerBytes: MOST_LIST_BYTES, allowLinkLocal }, { now });
    this.updates = new ListUpdates(directory, { get: (request) => http.post(request), now, logger });
    this.policies = new PolicyBook(book);
    this.watchers = namedWatchers({
      policies: () => this.policies.set,
      lists: () => this.lists.index,
      isRemoved: (id) => roster.isRemoved(id),
    });
  }

  async start(): Promise<void> {
    await this.lists.start();
    this.updates.start();
  }

  async stop(): Promise<void> {
    await this.updates.stop();
    await this.lists.stop();
  }
}
