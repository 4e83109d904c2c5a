/** "Would have fired 3 times last week: here." */
import { formatCount, formatDuration } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { writeAsked } from "../../lib/asked.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { useClock } from "../../lib/use-clock.ts";
import { StackedChart } from "../../ui/charts/stacked-chart.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { firedSteps, foundText, newestFirst } from "./test-words.ts";
import type { RuleTest } from "./use-rule-test.ts";

const SHOWN = 20;

/** Of very many not all are told. */
function moreText(count: number, told: number): string {
  const more = formatCount(count - SHOWN);
  return count > told
    ? `${more} more; only the first ${formatCount(told)} are in the chart and here.`
    : `${more} more before these.`;
}

export function TestView({ test, onStop }: { test: RuleTest; onStop(): void }) {
  const clock = useClock();
  const { isRunning, progress, fired, done, problem } = test;
  const { steps, values } = firedSteps(test);
  const count = done?.fired ?? fired.length;
  return (
    <section className="rule-test" aria-label="Test on history">
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
      {isRunning && (
        <p className="rule-test-progress">
          <progress aria-label="Looked at" {...(progress === null ? {} : { max: progress.of, value: progress.windows })} />
          {progress !== null && ` ${formatCount(progress.windows)} of ${formatCount(progress.of)} windows`}
          <Button size="compact-xs" variant="default" onClick={onStop}>
            Stop
          </Button>
        </p>
      )}
      {(problem === null || fired.length > 0) && (
        <p role="status" className="rule-test-found">
          {foundText(test)}
        </p>
      )}
      {count > 0 && (
        <StackedChart
          label="When it would have fired"
          series={[{ key: "fired", label: "Alerts", color: "var(--series-1)", values }]}
          steps={steps}
          unit="alerts"
          clock={clock}
          nowMs={test.toMs}
          height={110}
        />
      )}
      {fired.length > 0 && (
        <ul className="rule-test-list">
          {newestFirst(fired)
            .slice(0, SHOWN)
            .map(({ since, summary, labels, q, from, to }) => (
              <li key={`${since} ${JSON.stringify(labels)}`}>
                <PageLink path={TRAFFIC_LOGS_PATH} params={writeAsked({ network: null, window: { from, to }, q })}>
                  {clock.dayAndTime(Date.parse(since))}
                </PageLink>
                <span>{summary}</span>
              </li>
            ))}
        </ul>
      )}
      {count > SHOWN && <p className="alert-dim">{moreText(count, fired.length)}</p>}
      {done?.partial != null && <p className="rule-test-partial">Not all of it was looked at: {done.partial}</p>}
      {done?.notes.map((note) => (
        <p key={note} className="alert-dim">
          {note}
        </p>
      ))}
      {done !== null && (
        <p className="alert-dim">
          {formatCount(done.windows)} windows, {formatCount(done.rows_read)} rows read, {formatDuration(done.ms)}.
        </p>
      )}
    </section>
  );
}
