import type { StoreReport } from "@flowtrail/model";
import type { StoreHealth } from "../../lib/api-types.ts";
import { Banner } from "../../ui/banner.tsx";
import { behindSentences, keptRows, keptSentences } from "./store-words.ts";
import "./agent-table.css";
import "./inventory-section.css";
import "./store-section.css";

/** What is kept how long, how much room it takes, and what becomes of it. */
export function StoreSection({ kept, rollups }: { kept: StoreReport; rollups: StoreHealth["rollups"] }) {
  const rows = keptRows(kept);
  return (
    <section>
      <h2>Store</h2>
      {kept.problem !== null && <Banner kind="bad">{kept.problem}</Banner>}
      {rollups?.last_error != null && (
        <Banner kind="bad">
          Sums for charts and top lists cannot be computed, and are tried again: {rollups.last_error}. Until then charts read the
          rows themselves, which takes longer.
        </Banner>
      )}
      {[...keptSentences(kept), ...behindSentences(rollups)].map((sentence) => (
        <p key={sentence} className="inventory-none">
          {sentence}
        </p>
      ))}
      {rows.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="agents store-tables" tabIndex={0} aria-label="Tables of the store">
          <table>
            <thead>
              <tr>
                <th scope="col">Table</th>
                <th scope="col" className="right" title="Versions that are not merged yet count, too">
                  Rows
                </th>
                <th scope="col" className="right">
                  On disk
                </th>
                <th scope="col">Oldest</th>
                <th scope="col">Kept</th>
              </tr>
            </thead>
            {rows.map(({ table, rows, size, oldest, kept }) => (
              <tbody key={table}>
                <tr>
                  <th scope="row">{table}</th>
                  <td className="right">{rows}</td>
                  <td className="right">{size}</td>
                  <td>{oldest}</td>
                  <td>{kept}</td>
                </tr>
              </tbody>
            ))}
          </table>
        </section>
      )}
    </section>
  );
}
