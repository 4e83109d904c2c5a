/** The parts of the query that a row must all pass, each with the ways to change it and to be rid of it. The text of the query bar says the same. */
import { printFilter } from "@flowtrail/model";
import { IconX } from "@tabler/icons-react";
import { partsOf, withoutPart } from "../../lib/filter-edit-parts.ts";
import { partLabel } from "../../lib/filter-text.ts";
import { PillEditor } from "./pill-editor.tsx";
import "./pills.css";

export interface FilterPillsProps {
  readonly q: string;
  onChange(q: string): void;
}

export function FilterPills({ q, onChange }: FilterPillsProps) {
  const parts = partsOf(q);
  if (parts.length === 0) return null;
  return (
    <ul className="pills" aria-label="Filters in force">
      {parts.map((part, index) => {
        const text = printFilter(part);
        const same = parts.slice(0, index).filter((other) => printFilter(other) === text).length;
        const label = partLabel(part);
        return (
          // Two parts may say the same.
          <li key={`${text} ${same}`} className="pill">
            <PillEditor q={q} index={index} part={part} onChange={onChange} />
            <button type="button" aria-label={`Remove ${label}`} title="Remove" onClick={() => onChange(withoutPart(q, index))}>
              <IconX size={13} stroke={2} aria-hidden />
            </button>
          </li>
        );
      })}
      <li>
        <button type="button" className="pills-clear" onClick={() => onChange("")}>
          Clear all
        </button>
      </li>
    </ul>
  );
}
