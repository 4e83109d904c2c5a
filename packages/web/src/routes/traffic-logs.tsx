import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowUp } from "@tabler/icons-react";
import { useMemo, useRef, useState } from "react";
import { useAskAgain } from "../features/ask/refresh.ts";
import { ExportButton } from "../features/export/export-dialog.tsx";
import { ViewAs } from "../features/export/view-as.tsx";
import { Facets } from "../features/filter/facets.tsx";
import { FilterButton } from "../features/filter/filter-button.tsx";
import { FilterPills } from "../features/filter/pills.tsx";
import { WrongQuery } from "../features/filter/wrong-query.tsx";
import { Panel } from "../features/flow/panel.tsx";
import { useHealth } from "../features/health/use-health.ts";
import { Histogram } from "../features/histogram/histogram.tsx";
import { ColumnPicker } from "../features/traffic/columns/picker.tsx";
import { useLayout } from "../features/traffic/columns/use-layout.ts";
import { EmptyLog } from "../features/traffic/empty-log.tsx";
import { NEWEST_FIRST, pageParams } from "../features/traffic/list/question.ts";
import { useFlowFeed } from "../features/traffic/list/use-flow-feed.ts";
import { useListOrder } from "../features/traffic/list/use-list-order.ts";
import type { ReportsView } from "../features/traffic/query.ts";
import { Table, type TableHandle } from "../features/traffic/table/table.tsx";
import { ActiveNow } from "../features/traffic/toolbar/active-now.tsx";
import { Cleared } from "../features/traffic/toolbar/cleared.tsx";
import { LiveButton } from "../features/traffic/toolbar/live-button.tsx";
import { heldText } from "../features/traffic/toolbar/live-words.ts";
import { Running } from "../features/traffic/toolbar/running.tsx";
import { StatusLine } from "../features/traffic/toolbar/status-line.tsx";
import { useActiveRow } from "../features/traffic/use-active-row.ts";
import { useLogKeys } from "../features/traffic/use-log-keys.ts";
import { useQuestion } from "../features/traffic/use-question.ts";
import { useTrafficQuery } from "../features/traffic/use-traffic-query.ts";
import { mistakeIn } from "../lib/asked.ts";
import { exactWindow, spansDays } from "../lib/time-window.ts";
import { FailedBanner } from "../ui/failed-banner.tsx";
import { SkeletonRows } from "../ui/skeleton-rows.tsx";
import "./traffic-logs.css";

const VIEWS: { value: ReportsView; label: string }[] = [
  { value: "merged", label: "One row per connection" },
  { value: "all", label: "All reports" },
];

/** `embedded`: on the page of somebody, whose rows it lists alone (see `Pinned`). */
export function TrafficLogsRoute({ embedded = false }: { embedded?: boolean }) {
  const { query, openFlow, change, open } = useTrafficQuery();
  const { order, change: changeOrder, sortBy } = useListOrder(query.window);
  const question = useQuestion(query, order);
  const mistake = mistakeIn(query.q);
  const { feed, state } = useFlowFeed(mistake === null ? question : null);
  const [layout, setLayout] = useLayout();
  const table = useRef<TableHandle>(null);
  const [isFiltering, setFiltering] = useState(false);
  const nodes = (useHealth().data?.agents ?? []).map((agent) => agent.name);
  const { entries } = state;
  const row = useActiveRow(entries, openFlow, open, table);
  const asked = useMemo(() => pageParams(question), [question]);

  const resume = () => {
    // The list began at a time: what is new is at its end.
    if (order.at !== null) return changeOrder({ ...order, at: null });
    table.current?.scrollToTop();
    feed.resume();
  };
  /** The newest row of a step of the chart stands first. */
  const goTo = (_fromMs: number, toMs: number) => changeOrder({ ...NEWEST_FIRST, at: new Date(toMs - 1).toISOString() });
  const toggleLive = () => {
    if (state.takesNew) state.paused ? resume() : feed.pause();
  };
  const stopLive = () => change({ window: exactWindow(query.window, Date.now()) });
  useAskAgain(() => feed.refresh());
  useLogKeys({ ...row, isOpen: openFlow !== null, toggleLive, query, change });

  return (
    <>
      <header className="screen-head log-toolbar">
        {!embedded && <h1 className="screen-title">Traffic Logs</h1>}
        <FilterButton
          window={query.window}
          q={query.q}
          nodes={nodes}
          opened={isFiltering}
          onOpened={setFiltering}
          onApply={change}
        />
        <ActiveNow q={query.q} onChange={(q) => change({ q })} />
        <span className="screen-gap" />
        <SegmentedControl
          size="xs"
          data={VIEWS}
          value={query.reports}
          onChange={(value) => change({ reports: value === "all" ? "all" : "merged" })}
          aria-label="What a row is"
        />
        <ColumnPicker layout={layout} onChange={setLayout} />
        <ExportButton
          asked={asked}
          shown={[...new Set(layout.columns.flatMap(({ column }) => column.fields))]}
          known={entries.slice(0, 200).map(({ flow }) => flow)}
        />
        <ViewAs asked={asked} />
        <LiveButton state={state} onToggle={toggleLive} onClear={() => feed.clear()} onStop={stopLive} />
      </header>
      <FilterPills q={query.q} onChange={(q) => change({ q })} />
      <div className="log-columns">
        <Facets asked={query} onChange={change} />
        <div className="log-main">
          {mistake === null && (
            <div className="log-over-time">
              <Histogram onPick={goTo} />
            </div>
          )}
          {state.phase === "failed" && (
            <FailedBanner message={state.error?.message ?? ""} showsOld={entries.length > 0} onRetry={() => feed.refresh()} />
          )}
          <div className="log-frame">
            {mistake !== null && <WrongQuery mistake={mistake} />}
            {mistake === null && state.phase === "loading" && <SkeletonRows />}
            {mistake === null && <Running feed={feed} state={state} />}
            {state.cleared && entries.length === 0 && <Cleared onShowAll={() => feed.refresh()} />}
            {mistake === null && state.phase === "ready" && !state.cleared && entries.length === 0 && (
              <EmptyLog query={query} onChange={change} />
            )}
            {entries.length > 0 && (
              <Table
                ref={table}
                feed={feed}
                state={state}
                view={query.reports}
                withDay={spansDays(query.window, Date.now())}
                layout={layout}
                order={order}
                activeKey={row.activeKey}
                openKey={row.openKey}
                onOpen={row.openEntry}
                onSort={sortBy}
                onLayout={setLayout}
              />
            )}
            {state.held > 0 && (
              <Button className="held" size="xs" radius="xl" leftSection={<IconArrowUp size={14} aria-hidden />} onClick={resume}>
                {heldText(state.held)}
              </Button>
            )}
          </div>
          <StatusLine
            state={state}
            order={order}
            withDay={spansDays(query.window, Date.now())}
            onFromEnd={() => changeOrder({ ...order, at: null })}
          />
        </div>
        {openFlow !== null && (
          <Panel
            flowKey={openFlow}
            known={entries.find(({ key }) => key === row.openKey)?.flow ?? null}
            onClose={row.closePanel}
            onNext={row.step}
          />
        )}
      </div>
    </>
  );
}
