import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { askedParams } from "../../lib/asked.ts";
import { saveCsv } from "../../lib/csv.ts";
import type { AnalyzeAnswer } from "../../lib/types-analyze.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { formatShort } from "../../ui/charts/units.ts";
import { CostLine } from "../../ui/cost-line.tsx";
import { TableSwitch, useAsTable } from "../histogram/table-switch.tsx";
import { NONE_HIDDEN, useHidden } from "../histogram/use-hidden.ts";
import { csvOf } from "./csv.ts";
import { Graph, graphTitle } from "./graph.tsx";
import { type Question, questionParams } from "./question.ts";
import { ResultTable } from "./result-table.tsx";
import { unitOf } from "./units.ts";
import { ViewQuestion } from "./view-question.tsx";

export interface ResultProps {
  readonly answer: AnalyzeAnswer;
  /** That it is the answer of. */
  readonly question: Question;
  readonly nowMs: number;
}

const ESTIMATED = "Some of it is spread evenly over the lives of its flows";

/** The graph, and below it the same in numbers. */
export function Result({ answer, question, nowMs }: ResultProps) {
  const { asked } = useAsked();
  const [asTable, setAsTable] = useAsTable();
  const { graph, by, metric, previous } = question;
  const { hidden, toggle } = useHidden([...by, metric].join());
  const hasGraph = graph !== "table";
  const isDrawnBySeries = hasGraph && graph !== "sankey" && graph !== "heatmap";
  // What is no series cannot be brought back.
  const shown = { answer, question, hidden: isDrawnBySeries ? hidden : NONE_HIDDEN };
  const save = () => saveCsv("flowtrail-analyze.csv", csvOf(answer, by, metric));
  return (
    <>
      {hasGraph && (
        <section className="block" aria-label={graphTitle(question)}>
          <div className="block-head">
            <h2>{graphTitle(question)}</h2>
            {previous && <span className="block-hint">{previousHint(question)}</span>}
            {leavesOther(question) && answer.other.groups > 0 && (
              <span className="block-hint">
                Without Other: {formatShort(answer.other.value, unitOf(metric))}, {formatShort(answer.other.share * 100, "%")}
              </span>
            )}
            <span className="analyze-switch">
              <TableSwitch on={asTable} onChange={setAsTable} />
            </span>
          </div>
          <Graph {...shown} asTable={asTable} nowMs={nowMs} />
        </section>
      )}
      <section className="block" aria-label="In numbers">
        <div className="block-head">
          <h2>{hasGraph ? "In numbers" : graphTitle(question)}</h2>
          <span className="analyze-switch">
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              leftSection={<IconDownload size={14} aria-hidden />}
              onClick={save}
            >
              CSV
            </Button>
            <ViewQuestion params={questionParams(question, askedParams(asked))} />
          </span>
        </div>
        <ResultTable {...shown} onToggle={isDrawnBySeries ? toggle : undefined} />
      </section>
      <CostLine meta={answer.meta} exact={!answer.estimated} note={answer.estimated ? ESTIMATED : null} />
    </>
  );
}

/** Graphs in which all others together would leave no room for the rest. */
function leavesOther({ graph }: Question): boolean {
  return graph === "sankey" || graph === "heatmap";
}

/** Where the time before is seen. */
function previousHint({ graph }: Question): string {
  switch (graph) {
    case "stacked":
      return "Dashed: all together in the time before";
    case "lines":
    case "grid":
      return "Dashed: the same in the time before";
    default:
      return "The time before stands in the table";
  }
}
