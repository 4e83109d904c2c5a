/** What a network does: the same as on the overview, of it alone. */
import { mistakeIn } from "../../lib/asked.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { CostLine } from "../../ui/cost-line.tsx";
import { FailedBanner } from "../../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../../ui/screen-skeleton.tsx";
import { WrongQuery } from "../filter/wrong-query.tsx";
import { ChoiceSelects } from "../histogram/choice-selects.tsx";
import { StepsView } from "../histogram/steps-view.tsx";
import { TableSwitch, useAsTable } from "../histogram/table-switch.tsx";
import { useChoices } from "../histogram/use-choices.ts";
import { Block } from "../overview/block.tsx";
import { Lists } from "../overview/lists.tsx";
import { Tiles } from "../overview/tiles.tsx";
import { useOverview } from "../overview/use-overview.ts";
import { isEmpty } from "../overview/words.ts";
import type { EntityHeadProps } from "./entity-head.tsx";
import { NoTraffic } from "./no-traffic.tsx";

export function NetworkTraffic(network: EntityHeadProps) {
  const choices = useChoices({ metric: "bytes", group: "src.type" });
  const [asTable, setAsTable] = useAsTable();
  const { data, error, isPlaceholderData, dataUpdatedAt, refetch } = useOverview(choices.metric, choices.group);
  const mistake = mistakeIn(useAsked().asked.q);
  if (mistake !== null) return <WrongQuery mistake={mistake} />;
  return (
    <>
      {error !== null && <FailedBanner message={error.message} showsOld={data !== undefined} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <ScreenSkeleton />}
      {data !== undefined && isEmpty(data.answer) && <NoTraffic {...network} />}
      {data !== undefined && !isEmpty(data.answer) && (
        <div className={`overview${isPlaceholderData || error !== null ? " overview-old" : ""}`} aria-busy={isPlaceholderData}>
          <Tiles tiles={data.answer.tiles} withAgents={false} />
          <Block title="Traffic over time" link={{ chart: data.asked }}>
            <div className="overview-choices">
              <ChoiceSelects choices={choices} />
              <TableSwitch on={asTable} onChange={setAsTable} />
            </div>
            <StepsView
              answer={data.answer.chart}
              {...data.asked}
              asTable={asTable}
              nowMs={dataUpdatedAt}
              kind="area"
              height={200}
            />
          </Block>
          <Lists answer={data.answer} metric={data.asked.metric} />
          <CostLine meta={data.answer.meta} exact={!data.answer.estimated} />
        </div>
      )}
    </>
  );
}
