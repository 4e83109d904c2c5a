import { formatCount, formatDuration } from "@flowtrail/model";
import type { SlowQuestion } from "../../lib/api-types.ts";
import { useClock } from "../../lib/use-clock.ts";
import "./agent-table.css";
import "./inventory-section.css";
import "./store-section.css";

/** What people waited for. */
export function SlowSection({ questions }: { questions: readonly SlowQuestion[] }) {
  const clock = useClock();
  return (
    <section>
      <h2>Slow questions</h2>
      <p className="inventory-none">
        {questions.length === 0
          ? "No question to the store took a second within the last hour."
          : "Of the last hour, those that took longest. A shorter time range, or a filter that the sums by minute and hour know (type, name, domain, port), is answered sooner."}
      </p>
      {questions.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="agents store-tables" tabIndex={0} aria-label="Slow questions">
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Mainly read</th>
                <th scope="col" className="right">
                  Rows read
                </th>
                <th scope="col" className="right">
                  Took
                </th>
              </tr>
            </thead>
            {questions.map(({ time, table, ms, rows_read }) => (
              <tbody key={`${time} ${table}`}>
                <tr>
                  <td>{clock.exact(Date.parse(time))}</td>
                  <td>{table}</td>
                  <td className="right">{formatCount(rows_read)}</td>
                  <td className="right">{formatDuration(ms)}</td>
                </tr>
              </tbody>
            ))}
          </table>
        </section>
      )}
    </section>
  );
}
