import { formatCount, formatDuration } from "@flowtrail/model";
import type { InventoryReport } from "../../lib/api-types.ts";
import { useClock } from "../../lib/use-clock.ts";
import { conflictText, type SourceRow, sourceRows } from "./inventory-words.ts";
import "./agent-table.css";
import "./inventory-section.css";

/** Where names come from, and where two sources contradict each other. */
export function InventorySection({ inventory }: { inventory: InventoryReport }) {
  const rows = sourceRows(inventory);
  const { count, list } = inventory.conflicts;
  return (
    <section>
      <h2>Names</h2>
      {rows.length === 0 ? (
        <p className="inventory-none">
          Nobody tells who has which address: agents know their own. An inventory file or Netmaker names the rest (inventory.file,
          inventory.netmaker.url).
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="agents" tabIndex={0} aria-label="Sources of names">
          <table>
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">Where</th>
                <th scope="col" className="right" title="Networks, nodes, users, config files and egress routes that it knows">
                  Entries
                </th>
                <th scope="col">Last sync</th>
                <th scope="col">Next try</th>
              </tr>
            </thead>
            {rows.map((row) => (
              <SourceRows key={row.key} row={row} />
            ))}
          </table>
        </section>
      )}
      {count > 0 && (
        <div className="inventory-conflicts">
          <h3>
            {formatCount(count)} {count === 1 ? "address has" : "addresses have"} two holders
          </h3>
          <ul>
            {list.map((conflict) => (
              <li key={`${conflict.network} ${conflict.address}`}>
                {conflictText(conflict)} <span className="inventory-why">({conflict.why})</span>
              </li>
            ))}
          </ul>
          {count > list.length && <p>… and {formatCount(count - list.length)} more</p>}
        </div>
      )}
    </section>
  );
}

function SourceRows({ row }: { row: SourceRow }) {
  const clock = useClock();
  const { name, where, entities, lastSync, nextTry, error } = row;
  return (
    <tbody>
      <tr>
        <th scope="row">
          <span className={`agent-dot ${error === null ? "agent-well" : "agent-silent"}`} aria-hidden />
          {name}
          <span className="visually-hidden">{error === null ? " (read)" : " (can't be read)"}</span>
        </th>
        <td>{where}</td>
        <td className="right">{formatCount(entities)}</td>
        <td title={lastSync === null ? undefined : clock.exact(Date.parse(lastSync))}>{ago(lastSync)}</td>
        <td>{nextTry === null ? "comes by itself" : ahead(nextTry)}</td>
      </tr>
      {error !== null && (
        <tr className="agent-note">
          <td colSpan={5} className="agent-note-bad inventory-error">
            {error}
          </td>
        </tr>
      )}
    </tbody>
  );
}

function ago(time: string | null): string {
  if (time === null) return "never";
  const ms = Date.now() - Date.parse(time);
  return ms < 2000 ? "now" : `${formatDuration(ms)} ago`;
}

function ahead(time: string): string {
  const ms = Date.parse(time) - Date.now();
  return ms < 2000 ? "now" : `in ${formatDuration(ms)}`;
}
