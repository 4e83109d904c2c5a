import { DIRECTIONS, FilterError, PARTICIPANT_TYPES, STATES, VERDICTS } from "@flowtrail/model";
import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { readFilter } from "../../lib/asked.ts";
import { DEFAULT_WINDOW } from "../../lib/time-window.ts";
import type { FilterButtonProps } from "./filter-button.tsx";
import { ChipField, ValuesField, WindowField } from "./form-fields.tsx";
import { type Choices, type Criterion, isChoice, OFFERED_PROTOCOLS, readForm, writeForm } from "./form-model.ts";
import { useEndValues } from "./use-end-values.ts";

/** Lives as long as the popover is open: it begins with what is asked for now. */
export function FilterForm({ window, q, nodes, onOpened, onApply }: FilterButtonProps) {
  const [chosenWindow, setWindow] = useState(window);
  const [choices, setChoices] = useState(() => readForm(q).choices);
  const { others } = readForm(q);
  const mistake = readFilter(q);
  const src = useEndValues("src");
  const dst = useEndValues("dst");
  const field = (criterion: Criterion) => ({
    criterion,
    chosen: choices[criterion],
    onChange: (values: readonly string[]) => setChoices((before: Choices) => ({ ...before, [criterion]: values })),
  });
  const finish = (asked: Parameters<FilterButtonProps["onApply"]>[0]) => {
    onApply(asked);
    onOpened(false);
  };
  return (
    <form
      className="filter-form"
      onSubmit={(event) => {
        event.preventDefault();
        finish({ window: chosenWindow, q: writeForm(q, choices) });
      }}
    >
      {mistake instanceof FilterError && (
        <p className="filter-mistake" role="alert">
          The query has a mistake: {mistake.message}. Correct it in the query bar, or reset it.
        </p>
      )}
      <div className="filter-fields">
        <WindowField window={chosenWindow} onChange={setWindow} />
        <ChipField {...field("protocol")} label="Protocol" offered={OFFERED_PROTOCOLS} />
        <ChipField {...field("direction")} label="Direction" offered={DIRECTIONS} />
        <ValuesField {...field("src")} label="Source" placeholder="Name, address or range; * for anything" {...src} />
        <ChipField {...field("src.type")} label="Source type" offered={PARTICIPANT_TYPES} />
        <ValuesField
          {...field("dst")}
          label="Destination"
          placeholder="Name, domain, address or range; * for anything"
          {...dst}
        />
        <ChipField {...field("dst.type")} label="Destination type" offered={PARTICIPANT_TYPES} />
        <ValuesField {...field("reporter")} label="Node" placeholder="Any node" values={nodes} />
        <ValuesField
          {...field("dst.port")}
          label="Port"
          placeholder="Number or service: 443, ssh"
          accepts={(text) => isChoice("dst.port", text)}
        />
        <ChipField {...field("verdict")} label="Verdict" offered={VERDICTS} />
        <ChipField {...field("state")} label="State" offered={STATES} />
      </div>
      <Group className="filter-actions" justify="space-between" wrap="nowrap">
        <Button variant="subtle" size="xs" px={8} ml={-8} onClick={() => finish({ window: DEFAULT_WINDOW, q: "" })}>
          Reset to defaults
        </Button>
        {others > 0 && (
          <span className="filter-others">
            +{others} more {others === 1 ? "condition" : "conditions"} in the query bar
          </span>
        )}
        <Button size="xs" type="submit" disabled={mistake instanceof FilterError}>
          Apply
        </Button>
      </Group>
    </form>
  );
}
