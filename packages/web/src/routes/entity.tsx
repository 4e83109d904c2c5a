import { NativeSelect } from "@mantine/core";
import { IconHelpCircle } from "@tabler/icons-react";
import { lazy, Suspense, useMemo } from "react";
import { entityEnds } from "../features/entity/ends.ts";
import { EntityHead, type EntityHeadProps } from "../features/entity/entity-head.tsx";
import { EntityLists } from "../features/entity/entity-lists.tsx";
import { EntityTabs, readView } from "../features/entity/entity-tabs.tsx";
import { HistoryView } from "../features/entity/history-view.tsx";
import { NetworkTraffic } from "../features/entity/network-traffic.tsx";
import { NoTraffic } from "../features/entity/no-traffic.tsx";
import { PeersChart } from "../features/entity/peers-chart.tsx";
import { usePeers } from "../features/entity/use-entity.ts";
import { WrongQuery } from "../features/filter/wrong-query.tsx";
import { METRICS, readMetric } from "../features/histogram/choices.ts";
import { TableSwitch, useAsTable } from "../features/histogram/table-switch.tsx";
import { useChoices } from "../features/histogram/use-choices.ts";
import { Block } from "../features/overview/block.tsx";
import { Pinned } from "../features/overview/pinned.ts";
import { Tiles } from "../features/overview/tiles.tsx";
import { useOverview } from "../features/overview/use-overview.ts";
import { isEmpty } from "../features/overview/words.ts";
import { mistakeIn } from "../lib/asked.ts";
import { type EntityKind, readEntityPath } from "../lib/paths.ts";
import { useUrl } from "../lib/url.ts";
import { useAsked } from "../lib/use-asked.ts";
import { CostLine } from "../ui/cost-line.tsx";
import { Empty } from "../ui/empty.tsx";
import { FailedBanner } from "../ui/failed-banner.tsx";
import { ScreenSkeleton } from "../ui/screen-skeleton.tsx";
import "./overview.css";

/** The same list as on the screen of that name. */
const TrafficLog = lazy(async () => ({ default: (await import("./traffic-logs.tsx")).TrafficLogsRoute }));

/** All about one node, user, config file, egress route, domain, address or network. */
export function EntityRoute() {
  const { path, params } = useUrl();
  const kind = readEntityPath(path);
  const name = params.get("name") ?? "";
  if (kind === null || name === "") {
    return (
      <Empty icon={<IconHelpCircle size={30} stroke={1.5} />} title="Nothing to look for">
        <p>This address names nobody: it ends in name= and a name.</p>
      </Empty>
    );
  }
  // The key: nothing that is kept of one is shown for another.
  return <Entity key={`${kind} ${name}`} kind={kind} name={name} />;
}

function Entity({ kind, name }: { kind: EntityKind; name: string }) {
  const ends = useMemo(() => entityEnds(kind, name), [kind, name]);
  const view = readView(useUrl().params);
  return (
    <Pinned value={ends.either}>
      <EntityHead kind={kind} name={name} ends={ends} />
      <EntityTabs kind={kind} />
      {view === "overview" && kind !== "network" && <Traffic kind={kind} name={name} ends={ends} />}
      {view === "overview" && kind === "network" && <NetworkTraffic kind={kind} name={name} ends={ends} />}
      {view === "logs" && (
        <Suspense fallback={<ScreenSkeleton />}>
          <TrafficLog embedded />
        </Suspense>
      )}
      {view === "history" && <HistoryView kind={kind} name={name} />}
    </Pinned>
  );
}

function Traffic({ kind, name, ends }: EntityHeadProps) {
  const choices = useChoices({ metric: "bytes", group: "none" });
  const [asTable, setAsTable] = useAsTable();
  const overview = useOverview(choices.metric, "none");
  const peers = usePeers(ends, choices.metric);
  const answer = overview.data?.answer;
  const error = overview.error ?? peers.error;
  const again = () => void Promise.all([overview.refetch(), peers.refetch()]);
  const mistake = mistakeIn(useAsked().asked.q);
  if (mistake !== null) return <WrongQuery mistake={mistake} />;
  const isOld = overview.isPlaceholderData || peers.isPlaceholderData;
  return (
    <>
      {error !== null && <FailedBanner message={error.message} showsOld={answer !== undefined} onRetry={again} />}
      {answer === undefined && error === null && <ScreenSkeleton />}
      {answer !== undefined && isEmpty(answer) && <NoTraffic kind={kind} name={name} ends={ends} />}
      {answer !== undefined && !isEmpty(answer) && (
        <div className={`overview${isOld || error !== null ? " overview-old" : ""}`} aria-busy={isOld}>
          <Tiles tiles={answer.tiles} withAgents={false} />
          {peers.data === undefined && error === null && <ScreenSkeleton />}
          {peers.data !== undefined && (
            <>
              <Block title="Traffic over time" link={{ chart: { metric: peers.data.metric } }}>
                <div className="overview-choices">
                  <NativeSelect
                    size="xs"
                    aria-label="What is measured"
                    data={[...METRICS]}
                    value={choices.metric}
                    onChange={(event) => choices.choose({ metric: readMetric(event.currentTarget.value) })}
                  />
                  <TableSwitch on={asTable} onChange={setAsTable} />
                </div>
                <PeersChart peers={peers.data} ends={ends} asTable={asTable} nowMs={peers.dataUpdatedAt} />
              </Block>
              <EntityLists kind={kind} ends={ends} peers={peers.data} answer={answer} />
            </>
          )}
          <CostLine meta={answer.meta} exact={!answer.estimated} />
        </div>
      )}
    </>
  );
}
