/** What watchers know besides the log: policies, and lists of addresses and domains. */
import { join } from "node:path";
import type { Watcher } from "../watcher.ts";
import { ListShelf, type ShelfDeps } from "./list-shelf.ts";
import { PolicyBook, type PolicySettings } from "./policy-book.ts";
import { namedWatchers } from "./watchers.ts";

export interface KnownDeps extends ShelfDeps {
  readonly dataDir: string;
  readonly book: PolicySettings;
  readonly roster: { isRemoved(reporterId: string): boolean };
}

export class Known {
  readonly lists: ListShelf;
  readonly policies: PolicyBook;
  readonly watchers: readonly Watcher[];

  constructor({ dataDir, book, roster, logger }: KnownDeps) {
    this.lists = new ListShelf(join(dataDir, "lists"), { logger });
    this.policies = new PolicyBook(book);
    this.watchers = namedWatchers({
      policies: () => this.policies.set,
      lists: () => this.lists.index,
      isRemoved: (id) => roster.isRemoved(id),
    });
  }
}
