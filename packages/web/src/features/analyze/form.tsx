import { NativeSelect } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import {
  IconChartArea,
  IconChartAreaLine,
  IconChartLine,
  IconChartSankey,
  IconGridDots,
  IconLayoutGrid,
  IconTable,
} from "@tabler/icons-react";
import { DimensionList } from "./dimension-list.tsx";
import { GRAPHS, type Graph, LIMITS, METRICS, type Question, RANKS } from "./question.ts";
import "./form.css";

export interface FormProps {
  readonly question: Question;
  onChange(change: Partial<Question>): void;
}

const ICONS: Readonly<Record<Graph, Icon>> = {
  stacked: IconChartArea,
  share: IconChartAreaLine,
  lines: IconChartLine,
  grid: IconLayoutGrid,
  sankey: IconChartSankey,
  heatmap: IconGridDots,
  table: IconTable,
};

/** What is asked; each change is asked at once. */
export function Form({ question, onChange }: FormProps) {
  const { graph, by, metric, rank, limit, previous } = question;
  const limits = LIMITS.some((one) => one === limit) ? LIMITS : [...LIMITS, limit].sort((a, b) => a - b);
  return (
    <form className="analyze-form" aria-label="What is analyzed" onSubmit={(event) => event.preventDefault()}>
      <fieldset className="analyze-graphs">
        <legend>Graph</legend>
        {GRAPHS.map(({ value, label }) => {
          const GraphIcon = ICONS[value];
          return (
            <label key={value} className={value === graph ? "analyze-graph-on" : undefined}>
              <input
                type="radio"
                name="graph"
                className="visually-hidden"
                checked={value === graph}
                onChange={() => onChange({ graph: value })}
              />
              <GraphIcon size={17} stroke={1.7} aria-hidden />
              {label}
            </label>
          );
        })}
      </fieldset>
      <fieldset>
        <legend>Divided by</legend>
        <DimensionList by={by} onChange={(fields) => onChange({ by: fields })} />
      </fieldset>
      <NativeSelect
        size="xs"
        label="Measured in"
        data={[...METRICS]}
        value={metric}
        onChange={(event) => onChange({ metric: valueIn(METRICS, event.currentTarget.value) ?? metric })}
      />
      <NativeSelect
        size="xs"
        label="Largest by"
        data={[...RANKS]}
        value={rank}
        onChange={(event) => onChange({ rank: valueIn(RANKS, event.currentTarget.value) ?? rank })}
      />
      <NativeSelect
        size="xs"
        label="How many"
        data={limits.map((one) => ({ value: String(one), label: `${one}, and Other` }))}
        value={String(limit)}
        onChange={(event) => onChange({ limit: Number(event.currentTarget.value) })}
      />
      <label className="analyze-check">
        <input type="checkbox" checked={previous} onChange={(event) => onChange({ previous: event.currentTarget.checked })} />
        Compare with the time before
      </label>
    </form>
  );
}

function valueIn<T extends string>(choices: readonly { readonly value: T }[], text: string): T | undefined {
  return choices.find(({ value }) => value === text)?.value;
}
