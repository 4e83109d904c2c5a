import { NativeSelect } from "@mantine/core";
import { GROUPS, METRICS, readGroup, readMetric } from "./choices.ts";
import type { Choices } from "./use-choices.ts";
import "./choice-selects.css";

/** What is drawn, and by what it is divided. */
export function ChoiceSelects({ choices }: { choices: Choices }) {
  return (
    <div className="choice-selects">
      <NativeSelect
        size="xs"
        aria-label="What is measured"
        data={[...METRICS]}
        value={choices.metric}
        onChange={(event) => choices.choose({ metric: readMetric(event.currentTarget.value) })}
      />
      <span>by</span>
      <NativeSelect
        size="xs"
        aria-label="What it is divided by"
        data={[...GROUPS]}
        value={choices.group}
        onChange={(event) => choices.choose({ group: readGroup(event.currentTarget.value) })}
      />
    </div>
  );
}
