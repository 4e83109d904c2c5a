import { formatCount } from "@flowtrail/model";
import { fieldLabel } from "../../lib/filter-text.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import type { AnalyzeAnswer, GroupFigures } from "../../lib/types-analyze.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { ChangeTag } from "../../ui/charts/change-tag.tsx";
import { formatExact, formatShort } from "../../ui/charts/units.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { OneName } from "./group-name.tsx";
import { type GroupSeries, groupChart } from "./group-series.ts";
import { rowsParams } from "./open-rows.ts";
import type { Question } from "./question.ts";
import { queryOfGroup, queryOfOther } from "./rows-behind.ts";
import { rateUnitOf, unitOf } from "./units.ts";
import "../../ui/charts/legend.css";
import "./result-table.css";

export interface ResultTableProps {
  readonly answer: AnalyzeAnswer;
  readonly question: Question;
  readonly hidden: ReadonlySet<string>;
  /** Shows or hides a series of the graph; left out: its parts are no series. */
  readonly onToggle?: ((key: string) => void) | undefined;
}

const FIGURES = [
  { figure: "min", label: "Min", tooltip: "Smallest step, per second" },
  { figure: "avg", label: "Avg", tooltip: "Per second, of the whole time" },
  { figure: "p95", label: "p95", tooltip: "95 of 100 steps have no more, per second" },
  { figure: "max", label: "Max", tooltip: "Largest step, per second" },
  { figure: "last", label: "Last", tooltip: "Last whole step, per second" },
] as const satisfies readonly { figure: keyof GroupFigures; label: string; tooltip: string }[];

/** Each group in numbers; a line leads to the rows behind it, a value has its menu. */
export function ResultTable({ answer, question, hidden, onToggle }: ResultTableProps) {
  const { asked } = useAsked();
  const { by, metric } = question;
  const { series } = groupChart(answer, by);
  const unit = unitOf(metric);
  const queryOf = (one: GroupSeries) => {
    if (one.by !== null) return queryOfGroup(asked.q, by, one.by);
    return queryOfOther(
      asked.q,
      by,
      answer.rows.map((row) => row.by),
    );
  };
  const withPrevious = answer.previous_total !== undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="result-table" tabIndex={0} aria-label="Figures">
      <table>
        <thead>
          <tr>
            {by.map((field) => (
              <th key={field} scope="col" className="result-name">
                {fieldLabel(field)}
              </th>
            ))}
            <th scope="col" title={metric === "rate" ? "Average of the whole time" : "Of the whole time"}>
              {metric === "rate" ? "Rate" : "Total"}
            </th>
            <th scope="col">Share</th>
            {withPrevious && <th scope="col">Change</th>}
            {FIGURES.map(({ figure, label, tooltip }) => (
              <th key={figure} scope="col" title={tooltip}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {series.map((one) => {
            const { figures, key, label, color } = one;
            const q = queryOf(one);
            const total = formatShort(figures.value, unit);
            return (
              <tr key={key} className={hidden.has(key) ? "result-off" : undefined}>
                {(one.by ?? [null]).map((group, i) => (
                  <th key={by[i]} scope="row" className="result-name" colSpan={one.by === null ? by.length : 1}>
                    <span className="result-value">
                      {i === 0 && onToggle !== undefined && (
                        <Swatch label={label} color={color} isHidden={hidden.has(key)} onToggle={() => onToggle(key)} />
                      )}
                      {one.by === null ? (
                        `Other (${formatCount(answer.other.groups)} more)`
                      ) : (
                        <OneName field={by[i] ?? ""} group={group} />
                      )}
                    </span>
                  </th>
                ))}
                <td title={formatExact(figures.value, unit)}>
                  {q === null ? (
                    total
                  ) : (
                    <PageLink
                      className="result-link"
                      path={TRAFFIC_LOGS_PATH}
                      params={rowsParams(asked, question, q)}
                      aria-label={`${total}: view ${label} in Traffic Logs`}
                    >
                      {total}
                    </PageLink>
                  )}
                </td>
                <td>{formatShort(figures.share * 100, "%")}</td>
                {withPrevious && (
                  <td>
                    <ChangeTag now={figures.value} before={figures.previous ?? 0} unit={unit} />
                  </td>
                )}
                {FIGURES.map(({ figure }) => (
                  <td key={figure} title={formatExact(figures[figure], rateUnitOf(metric))}>
                    {formatShort(figures[figure], rateUnitOf(metric))}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" className="result-name" colSpan={by.length}>
              All together
            </th>
            <td title={formatExact(answer.total, unit)}>{formatShort(answer.total, unit)}</td>
            <td />
            {withPrevious && (
              <td>
                <ChangeTag now={answer.total} before={answer.previous_total ?? 0} unit={unit} />
              </td>
            )}
            <td colSpan={FIGURES.length} />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

interface SwatchProps {
  readonly label: string;
  readonly color: string;
  readonly isHidden: boolean;
  onToggle(): void;
}

function Swatch({ label, color, isHidden, onToggle }: SwatchProps) {
  return (
    <button
      type="button"
      className="legend-box result-swatch"
      aria-pressed={!isHidden}
      aria-label={`Show ${label}`}
      title={isHidden ? `Show ${label}` : `Hide ${label} in the graph`}
      onClick={onToggle}
    >
      <span style={{ background: isHidden ? "transparent" : color, borderColor: color }} />
    </button>
  );
}
