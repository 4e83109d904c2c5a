/** The filters that are in force, each with the way to be rid of it. */
import { IconX } from "@tabler/icons-react";
import { FILTER_LABELS, filterValueLabel } from "./filter-labels.ts";
import { countFilters, FILTER_COLUMNS, type Filters, NO_FILTERS, withoutFilter } from "./query.ts";
import "./filter-pills.css";

export function FilterPills({ filters, onChange }: { filters: Filters; onChange(filters: Filters): void }) {
  if (countFilters(filters) === 0) return null;
  return (
    <ul className="pills" aria-label="Filters in force">
      {FILTER_COLUMNS.flatMap((column) =>
        filters[column].map((value) => {
          const text = `${FILTER_LABELS[column]}: ${filterValueLabel(column, value)}`;
          return (
            <li key={`${column}=${value}`} className="pill">
              {text}
              <button
                type="button"
                aria-label={`Remove ${text}`}
                title="Remove"
                onClick={() => onChange(withoutFilter(filters, column, value))}
              >
                <IconX size={13} stroke={2} aria-hidden />
              </button>
            </li>
          );
        }),
      )}
      <li>
        <button type="button" className="pills-clear" onClick={() => onChange(NO_FILTERS)}>
          Clear all
        </button>
      </li>
    </ul>
  );
}
