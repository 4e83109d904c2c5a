import { WrongQuery } from "../features/filter/wrong-query.tsx";
import { ChoiceSelects } from "../features/histogram/choice-selects.tsx";
import { StepsView } from "../features/histogram/steps-view.tsx";
import { TableSwitch, useAsTable } from "../features/histogram/table-switch.tsx";
import { useChoices } from "../features/histogram/use-choices.ts";
import { Block } from "../features/overview/block.tsx";
import { Lists } from "../features/overview/lists.tsx";
import { Tiles } from "../features/overview/tiles.tsx";
import { useOverview } from "../features/overview/use-overview.ts";
import { isCompared, isEmpty } from "../features/overview/words.ts";
import { EmptyLog } from "../features/traffic/empty-log.tsx";
import { mistakeIn } from "../lib/asked.ts";
import { useAsked } from "../lib/use-asked.ts";
import { CostLine } from "../ui/cost-line.tsx";
import { FailedBanner } from "../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../ui/screen-skeleton.tsx";
import "./overview.css";

/** What the network does, at a glance: everything on it leads to the rows behind it. */
export function OverviewRoute() {
  const { asked, change } = useAsked();
  const choices = useChoices({ metric: "bytes", group: "src.type" });
  const [asTable, setAsTable] = useAsTable();
  const { data, error, isPlaceholderData, dataUpdatedAt, refetch } = useOverview(choices.metric, choices.group);
  const answer = data?.answer;
  const head = (
    <header className="screen-head">
      <h1 className="screen-title">Overview</h1>
    </header>
  );
  const mistake = mistakeIn(asked.q);
  if (mistake !== null) {
    return (
      <>
        {head}
        <WrongQuery mistake={mistake} />
      </>
    );
  }
  return (
    <>
      {head}
      {error !== null && <FailedBanner message={error.message} showsOld={answer !== undefined} onRetry={() => void refetch()} />}
      {answer === undefined && error === null && <ScreenSkeleton />}
      {answer !== undefined && data !== undefined && isEmpty(answer) && (
        <EmptyLog query={{ ...asked, reports: "merged" }} onChange={change} />
      )}
      {answer !== undefined && data !== undefined && !isEmpty(answer) && (
        <div className={`overview${isPlaceholderData || error !== null ? " overview-old" : ""}`} aria-busy={isPlaceholderData}>
          <Tiles tiles={answer.tiles} />
          <Block title="Traffic over time" link={{ chart: { metric: data.asked.metric, group: data.asked.group } }}>
            <div className="overview-choices">
              <ChoiceSelects choices={choices} />
              <TableSwitch on={asTable} onChange={setAsTable} />
            </div>
            <StepsView answer={answer.chart} {...data.asked} asTable={asTable} nowMs={dataUpdatedAt} kind="area" height={220}>
              {isCompared(answer) && <span className="overview-previous">Dashed: all together in the time before</span>}
            </StepsView>
          </Block>
          <Lists answer={answer} metric={data.asked.metric} />
          <CostLine meta={answer.meta} exact={!answer.estimated} />
        </div>
      )}
    </>
  );
}
