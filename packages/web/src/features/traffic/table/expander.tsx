import { memo } from "react";

export interface ExpanderProps {
  /** Names the flow. */
  readonly flowKey: string;
  /** Null: not known. */
  readonly count: number | null;
  readonly expanded: boolean;
  onToggle(flowKey: string): void;
}

/** Says how many nodes reported a connection, and shows what each of them said. */
export const Expander = memo(function Expander({ flowKey, count, expanded, onToggle }: ExpanderProps) {
  return (
    <button
      type="button"
      className="expander"
      tabIndex={-1}
      aria-expanded={expanded}
      title={expanded ? "Hide the reports (←)" : "Show each report (→)"}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(flowKey);
      }}
    >
      {count === null ? "reports" : count === 1 ? "1 report" : `${count} reports`}
    </button>
  );
});
