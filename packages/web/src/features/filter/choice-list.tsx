import { formatCount } from "@flowtrail/model";
import { useEffect, useRef } from "react";

export interface Choice {
  readonly id: string;
  /** Heading above the first one of it. */
  readonly group: string | null;
  readonly label: string;
  readonly detail: string;
  readonly count: number | null;
  /** Written in the filter language. */
  readonly isCode: boolean;
  choose(): void;
}

interface ChoiceListProps {
  readonly id: string;
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly active: number;
  onChoose(index: number): void;
}

/** The list below the field; the focus stays in the field. */
export function ChoiceList({ id, label, choices, active, onChoose }: ChoiceListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector(`[id="${id}-${active}"]`)?.scrollIntoView({ block: "nearest" });
  }, [id, active]);
  return (
    // A list that scrolls would be a stop of Tab, and is gone when the field loses the focus.
    <div ref={list} id={id} className="choices" role="listbox" tabIndex={-1} aria-label={label} hidden={choices.length === 0}>
      {choices.map((choice, index) => (
        <ChoiceLine
          key={choice.id}
          id={`${id}-${index}`}
          choice={choice}
          heading={choice.group === choices[index - 1]?.group ? null : choice.group}
          isActive={index === active}
          onChoose={() => onChoose(index)}
        />
      ))}
    </div>
  );
}

interface ChoiceLineProps {
  readonly id: string;
  readonly choice: Choice;
  readonly heading: string | null;
  readonly isActive: boolean;
  onChoose(): void;
}

function ChoiceLine({ id, choice, heading, isActive, onChoose }: ChoiceLineProps) {
  return (
    <>
      {heading !== null && (
        <div className="choices-heading" role="presentation">
          {heading}
        </div>
      )}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the active choice */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field's keys choose */}
      <div
        id={id}
        className="choice"
        role="option"
        aria-selected={isActive}
        // The field keeps the focus.
        onMouseDown={(event) => event.preventDefault()}
        onClick={onChoose}
      >
        <span className={choice.isCode ? "choice-code" : "choice-name"}>{choice.label}</span>
        <span className="choice-detail cut">{choice.detail}</span>
        {choice.count !== null && <span className="choice-count">{formatCount(choice.count)}</span>}
      </div>
    </>
  );
}
