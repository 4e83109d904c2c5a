/** Deletion of records, put together with what it asks of the rest of the server. */
import type { AuditLog } from "../audit/log.ts";
import type { Live } from "../live/live.ts";
import type { Privacy } from "../privacy/privacy.ts";
import { ErasureLog } from "../store/erasure-log.ts";
import type { Logger } from "../store/logger.ts";
import type { Store } from "../store/store.ts";
import { alsoKept, erasedEntry } from "./around.ts";
import { Erase, type EraseDeps } from "./erase.ts";

/** What another server was asked to delete is known here after this time. */
const FOLLOW_MS = 3_000;
const RETRY_MS = 15_000;

interface Deps {
  readonly store: Store;
  readonly privacy: Privacy;
  readonly live: Live;
  readonly audit: AuditLog;
  readonly forgetAlerts: EraseDeps["forgetAlerts"];
  readonly now: () => number;
  readonly logger: Logger;
}

/** @param config `shared`: other servers write to the store, too */
export function makeErase(
  { shared, commitIntervalMs }: { readonly shared: boolean; readonly commitIntervalMs: number },
  { store, privacy, live, audit, forgetAlerts, now, logger }: Deps,
): Erase {
  const { retention } = store;
  return new Erase(
    shared
      ? { followMs: FOLLOW_MS, settleMs: 2 * FOLLOW_MS, retryMs: RETRY_MS }
      : { followMs: null, settleMs: commitIntervalMs * 2, retryMs: RETRY_MS },
    {
      log: new ErasureLog(store.clickhouse),
      clickhouse: store.clickhouse,
      nodes: store.nodes,
      holds: async () => {
        await retention.refresh();
        return retention.settings.state.holds;
      },
      knownHolds: () => retention.settings.state.holds,
      called: (name) => privacy.pseudonymsOf(name),
      alsoKept: (subject) => alsoKept(subject, { accounts: store.accounts, settings: store.settings.settings }),
      forget: (isGone) => live.forget(isGone),
      forgetAlerts,
      note: (job) => audit.write(audit.entry(erasedEntry(job))),
      now,
      logger,
    },
  );
}
