/** Recipients with all that they need of a server. */
import type { ServerConfig } from "../config/schema.ts";
import { pageBase } from "../http/page-base.ts";
import type { Sealed } from "../secrets/sealed.ts";
import type { Leases } from "../store/leases.ts";
import type { Logger } from "../store/logger.ts";
import { NoticesLog } from "../store/notices-log.ts";
import type { Store } from "../store/store.ts";
import { RecipientBook } from "./book.ts";
import { RECIPIENTS, Recipients } from "./recipients.ts";
import { sender } from "./send.ts";

/** Of all of one message, until the other side has taken it. */
const TIMEOUT_MS = 20_000;
const POLL_MS = { shared: 3000, alone: 15_000 } as const;

export interface MakeDeps {
  readonly config: ServerConfig;
  readonly store: Pick<Store, "clickhouse" | "settings">;
  readonly now: () => number;
  readonly logger: Logger;
}

export function makeRecipients(
  { config, store, now, logger }: MakeDeps,
  parts: { readonly leases: Leases; readonly sealed: Sealed },
): Recipients {
  const pollMs = config.store.url === undefined ? POLL_MS.alone : POLL_MS.shared;
  return new Recipients(
    { ...RECIPIENTS, pollMs, pageUrl: () => pageBase(config) },
    {
      book: new RecipientBook({ book: store.settings, sealed: parts.sealed, logger }),
      log: new NoticesLog(store.clickhouse, { now }),
      lease: parts.leases.hold("recipients"),
      send: sender({ timeoutMs: TIMEOUT_MS, allowLinkLocal: config.outgoing.allow_link_local }, { now }),
      now,
      random: Math.random,
      logger,
    },
  );
}
