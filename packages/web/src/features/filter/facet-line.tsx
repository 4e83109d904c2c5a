import { formatCount, type Value } from "@flowtrail/model";
import { IconCheck, IconCircleMinus, IconFocusCentered, IconMinus } from "@tabler/icons-react";
import type { CSSProperties, KeyboardEvent } from "react";
import { chosenAs, exclude, include, only, withoutValue } from "../../lib/filter-edit.ts";
import { partsOf } from "../../lib/filter-edit-parts.ts";
import { valueLabel } from "../../lib/filter-text.ts";

interface FacetLineProps {
  readonly field: string;
  readonly value: Value;
  /** Null: it was not counted. */
  readonly count: number | null;
  /** Of the most frequent value. */
  readonly share: number;
  readonly q: string;
  onQuery(q: string): void;
}

/** A click includes the value, or takes the choice back; `f` includes and `x` excludes the focused one. */
export function FacetLine({ field, value, count, share, q, onQuery }: FacetLineProps) {
  const chosen = chosenAs(partsOf(q), field, value);
  const label = valueLabel(field, value);
  const ask = (next: string) => {
    if (next !== q) onQuery(next);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || (event.key !== "f" && event.key !== "x")) return;
    event.preventDefault();
    ask(event.key === "f" ? include(q, field, value) : exclude(q, field, value));
  };
  return (
    <li className={`facet-line${chosen === null ? "" : ` facet-${chosen}`}`}>
      <button
        type="button"
        className="facet-value"
        aria-pressed={chosen !== null}
        title={`${label}\n${chosen === null ? "Click to include" : `Is ${chosen}: click to take it back`}`}
        style={{ "--share": share } as CSSProperties}
        onClick={() => ask(chosen === null ? include(q, field, value) : withoutValue(q, field, value))}
        onKeyDown={keys}
      >
        <span className="facet-mark">
          {chosen === "included" && <IconCheck size={13} stroke={2.4} aria-hidden />}
          {chosen === "excluded" && <IconMinus size={13} stroke={2.4} aria-hidden />}
        </span>
        <span className="facet-label cut">{label}</span>
        {chosen === "excluded" && <span className="visually-hidden">excluded</span>}
        <span className="facet-count">{count === null ? "" : formatCount(count)}</span>
      </button>
      <span className="facet-actions">
        <button type="button" aria-label={`Only ${label}`} title="Only this" onClick={() => ask(only(q, field, value))}>
          <IconFocusCentered size={14} stroke={1.8} aria-hidden />
        </button>
        <button type="button" aria-label={`Exclude ${label}`} title="Exclude" onClick={() => ask(exclude(q, field, value))}>
          <IconCircleMinus size={14} stroke={1.8} aria-hidden />
        </button>
      </span>
    </li>
  );
}
