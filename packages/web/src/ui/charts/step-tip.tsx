import { add } from "./series.ts";
import { largestRows, type StepTold } from "./step-words.ts";
import { type ChartUnit, formatExact, formatShort } from "./units.ts";

export interface StepTipProps {
  readonly told: StepTold;
  readonly unit: ChartUnit;
  /** Where the step is, in pixels from the left, of so much room. */
  readonly x: number;
  readonly width: number;
}

/** What there is in one step, exactly. */
export function StepTip({ told, unit, x, width }: StepTipProps) {
  const { when, soFar, total, previous, silent } = told;
  const { rows, more } = largestRows(told.rows);
  const side = x < width / 2 ? { left: x + 14 } : { right: width - x + 14 };
  return (
    <div className="chart-tip" style={side}>
      <p className="chart-tip-when">
        {when}
        {soFar && " (so far)"}
      </p>
      {rows.length === 0 && <p className="chart-tip-none">Nothing</p>}
      <table>
        <tbody>
          {rows.map(({ key, label, color, value }) => (
            <tr key={key}>
              <th scope="row">
                <span className="chart-swatch" style={{ background: color }} />
                {label}
              </th>
              <td>{formatShort(value, unit)}</td>
              <td className="chart-tip-exact">{isRounded(unit) && formatExact(value, unit)}</td>
            </tr>
          ))}
        </tbody>
        {more.length > 0 && (
          <tbody>
            <TotalRow label={`${more.length} more`} value={add(more.map(({ value }) => value))} unit={unit} />
          </tbody>
        )}
        {(rows.length > 1 || previous !== null) && (
          <tfoot>
            {rows.length > 1 && <TotalRow label="Together" value={total} unit={unit} />}
            {previous !== null && <TotalRow label="In the time before" value={previous} unit={unit} />}
          </tfoot>
        )}
      </table>
      {silent.length > 0 && <p className="chart-tip-silent">No reports from {namesOf(silent)}: there may have been more.</p>}
    </div>
  );
}

function TotalRow({ label, value, unit }: { label: string; value: number | string; unit: ChartUnit }) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{formatShort(value, unit)}</td>
      <td className="chart-tip-exact">{isRounded(unit) && formatExact(value, unit)}</td>
    </tr>
  );
}

function isRounded(unit: ChartUnit): boolean {
  return unit === "bytes" || unit === "bytes/s";
}

const MOST_NAMES = 4;

function namesOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
