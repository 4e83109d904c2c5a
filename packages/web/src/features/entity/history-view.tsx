/** What the inventory said of it, change by change. */
import { IconHistory } from "@tabler/icons-react";
import type { EntityKind } from "../../lib/paths.ts";
import type { InventoryChange } from "../../lib/types-inventory.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Empty } from "../../ui/empty.tsx";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../../ui/screen-skeleton.tsx";
import { addressesOf, saidBy, whatChanged } from "./history-words.ts";
import { useHistory } from "./use-entity.ts";
import "./history-view.css";

export function HistoryView({ kind, name }: { kind: EntityKind; name: string }) {
  const { data, error, refetch } = useHistory(kind, name);
  return (
    <>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <ScreenSkeleton />}
      {data?.changes.length === 0 && (
        <Empty icon={<IconHistory size={26} stroke={1.6} />} title="The inventory has never told of it">
          <p>Its name comes from flows alone. What an inventory file, Netmaker or agents tell of it from now on is kept here.</p>
        </Empty>
      )}
      {data !== undefined && data.changes.length > 0 && <Changes changes={data.changes} />}
      {data?.isCut === true && <p className="entity-history-cut">The newest changes; older ones are left out.</p>}
    </>
  );
}

function Changes({ changes }: { changes: readonly InventoryChange[] }) {
  const clock = useClock();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section className="entity-history" tabIndex={0} aria-label="History">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">What</th>
            <th scope="col">Addresses from then on</th>
            <th scope="col">Network</th>
            <th scope="col">Told by</th>
          </tr>
        </thead>
        <tbody>
          {changes.map((change) => (
            <tr key={`${change.time} ${change.network} ${change.who} ${change.id}`}>
              <th scope="row" title={clock.exact(Date.parse(change.time))}>
                {clock.dayAndTime(Date.parse(change.time))}
              </th>
              <td>{whatChanged(change)}</td>
              <td>{change.after === null ? "none" : addressesOf(change.after).join(", ") || "none"}</td>
              <td>{change.network}</td>
              <td>{saidBy(change)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
