import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowUp, IconRefresh } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { useAskAgain } from "../features/ask/refresh.ts";
import { FilterButton } from "../features/filter/filter-button.tsx";
import { FilterPills } from "../features/filter/pills.tsx";
import { Panel } from "../features/flow/panel.tsx";
import { useHealth } from "../features/health/use-health.ts";
import { EmptyLog } from "../features/traffic/empty-log.tsx";
import type { FlowEntry } from "../features/traffic/flow-list.ts";
import { LiveButton } from "../features/traffic/live-button.tsx";
import { type ReportsView, writeFlowKey } from "../features/traffic/query.ts";
import { StatusLine } from "../features/traffic/status-line.tsx";
import { Table, type TableHandle } from "../features/traffic/table.tsx";
import { useFlowFeed } from "../features/traffic/use-flow-feed.ts";
import { useLogKeys } from "../features/traffic/use-log-keys.ts";
import { useTrafficQuery } from "../features/traffic/use-traffic-query.ts";
import { flowKey } from "../lib/api.ts";
import { spansDays } from "../lib/time-window.ts";
import { Banner } from "../ui/banner.tsx";
import { SkeletonRows } from "../ui/skeleton-rows.tsx";
import "./traffic-logs.css";

const VIEWS: { value: ReportsView; label: string }[] = [
  { value: "merged", label: "One row per connection" },
  { value: "all", label: "All reports" },
];

export function TrafficLogsRoute() {
  const { query, openFlow, change, open } = useTrafficQuery();
  const { feed, state } = useFlowFeed(query);
  const table = useRef<TableHandle>(null);
  const [isFiltering, setFiltering] = useState(false);
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const nodes = (useHealth().data?.agents ?? []).map((agent) => agent.name);
  const { entries } = state;
  const openKey = openFlow === null ? null : writeFlowKey(openFlow);

  const openEntry = (entry: FlowEntry) => {
    setActiveKey(entry.key);
    open(flowKey(entry.flow));
  };
  const step = (by: 1 | -1) => {
    const at = entries.findIndex((entry) => entry.key === (activeKey ?? openKey));
    const next = entries[at < 0 ? 0 : Math.min(Math.max(at + by, 0), entries.length - 1)];
    if (next === undefined) return;
    setActiveKey(next.key);
    table.current?.scrollToKey(next.key);
    if (openFlow !== null) open(flowKey(next.flow));
  };
  const closePanel = () => {
    open(null);
    table.current?.focus();
  };
  const toggleLive = () => {
    if (!state.paused) return feed.pause();
    feed.resume();
    table.current?.scrollToTop();
  };
  const showHeld = () => {
    table.current?.scrollToTop();
    feed.resume();
  };
  useAskAgain(() => feed.refresh());
  useLogKeys({
    step,
    openActive: () => {
      const entry = entries.find(({ key }) => key === activeKey);
      if (entry) openEntry(entry);
    },
    close: closePanel,
    isOpen: openFlow !== null,
    toggleLive,
    query,
    change,
  });

  return (
    <>
      <header className="screen-head">
        <h1 className="screen-title">Traffic Logs</h1>
        <FilterButton
          window={query.window}
          q={query.q}
          nodes={nodes}
          opened={isFiltering}
          onOpened={setFiltering}
          onApply={change}
        />
        <span className="screen-gap" />
        <SegmentedControl
          size="xs"
          data={VIEWS}
          value={query.reports}
          onChange={(value) => change({ reports: value === "all" ? "all" : "merged" })}
          aria-label="What a row is"
        />
        <LiveButton state={state} onToggle={toggleLive} />
      </header>
      <FilterPills q={query.q} onChange={(q) => change({ q })} />
      {state.phase === "failed" && (
        <Banner
          kind="bad"
          action={
            <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={14} />} onClick={() => feed.refresh()}>
              Try again
            </Button>
          }
        >
          {state.error?.message} {entries.length > 0 && "What is shown may be out of date."}
        </Banner>
      )}
      <div className="log-frame">
        {state.phase === "loading" && <SkeletonRows />}
        {state.phase === "ready" && entries.length === 0 && <EmptyLog query={query} onChange={change} />}
        {entries.length > 0 && (
          <Table
            ref={table}
            feed={feed}
            state={state}
            view={query.reports}
            withDay={spansDays(query.window, Date.now())}
            activeKey={activeKey}
            openKey={openKey}
            onOpen={openEntry}
          />
        )}
        {state.held > 0 && (
          <Button className="held" size="xs" radius="xl" leftSection={<IconArrowUp size={14} aria-hidden />} onClick={showHeld}>
            {state.held} new, resume
          </Button>
        )}
        {openFlow !== null && (
          <Panel
            flowKey={openFlow}
            known={entries.find(({ key }) => key === openKey)?.flow ?? null}
            onClose={closePanel}
            onNext={step}
          />
        )}
      </div>
      <StatusLine state={state} />
    </>
  );
}
