/** The traffic log: a virtual table, so that any number of rows costs no more than those on the screen. */
import { Button, Loader } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type MouseEvent, type Ref, useEffect, useImperativeHandle, useRef } from "react";
import type { FeedState, FlowFeed } from "./flow-feed.ts";
import type { FlowEntry } from "./flow-list.ts";
import type { ReportsView } from "./query.ts";
import { Row, rowId } from "./row.tsx";
import "./table.css";

const ROW_HEIGHT = 48;
/** Rows before the end at which older ones are asked for. */
const ASK_AHEAD = 30;
/** Further down than this the reader is reading: new rows wait. */
const READING_PX = 8;

export interface TableHandle {
  scrollToTop(): void;
  scrollToKey(key: string): void;
  focus(): void;
}

export interface TableProps {
  readonly ref: Ref<TableHandle>;
  readonly feed: FlowFeed;
  readonly state: FeedState;
  readonly view: ReportsView;
  readonly withDay: boolean;
  readonly activeKey: string | null;
  readonly openKey: string | null;
  onOpen(entry: FlowEntry): void;
}

export function Table({ ref, feed, state, view, withDay, activeKey, openKey, onOpen }: TableProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLTableElement>(null);
  const { entries, more } = state;
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => entries[index]?.key ?? index,
    overscan: 12,
    scrollPaddingStart: 40,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more === "yes" && lastShown >= entries.length - ASK_AHEAD) void feed.loadMore();
  }, [feed, more, lastShown, entries.length]);
  useImperativeHandle(ref, () => ({
    scrollToTop: () => scroll.current?.scrollTo({ top: 0 }),
    scrollToKey: (key) => {
      const index = entries.findIndex((entry) => entry.key === key);
      if (index >= 0) virtual.scrollToIndex(index);
    },
    focus: () => grid.current?.focus({ preventScroll: true }),
  }));

  const entryAt = (target: EventTarget) => {
    const id = target instanceof Element ? target.closest("tbody tr")?.id : undefined;
    return id === undefined ? undefined : entries.find(({ key }) => rowId(key) === id);
  };
  const openClicked = (event: MouseEvent) => {
    const entry = entryAt(event.target);
    if (entry !== undefined) onOpen(entry);
  };
  const openActive = (event: KeyboardEvent) => {
    const entry = event.key === "Enter" ? entries.find(({ key }) => key === activeKey) : undefined;
    if (entry === undefined) return;
    event.preventDefault();
    onOpen(entry);
  };

  return (
    <div
      ref={scroll}
      className={`log${state.phase === "refreshing" || state.phase === "failed" ? " log-old" : ""}`}
      onScroll={(event) => feed.setReading(event.currentTarget.scrollTop > READING_PX)}
    >
      <table
        ref={grid}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows are walked with the keyboard; the focus stays on the grid, because rows come and go while one scrolls
        role="grid"
        aria-label="Traffic logs"
        aria-rowcount={more === "none" ? entries.length + 1 : -1}
        aria-busy={state.phase === "refreshing"}
        aria-activedescendant={activeKey === null ? undefined : rowId(activeKey)}
        tabIndex={0}
        onClick={openClicked}
        onKeyDown={openActive}
      >
        <Head view={view} />
        <tbody className="log-rows" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const entry = entries[item.index];
            return (
              entry && (
                <Row
                  key={entry.key}
                  entry={entry}
                  index={item.index}
                  top={item.start}
                  view={view}
                  withDay={withDay}
                  active={entry.key === activeKey}
                  open={entry.key === openKey}
                />
              )
            );
          })}
        </tbody>
      </table>
      <Foot state={state} onRetry={() => void feed.loadMore()} />
    </div>
  );
}

function Head({ view }: { view: ReportsView }) {
  const traffic =
    view === "merged"
      ? "→ sent by the source, ← sent by the destination"
      : "↓ received and ↑ sent by the node that reports the row";
  return (
    <thead className="log-head">
      <tr className="log-line">
        <th scope="col">Event</th>
        <th scope="col">Source</th>
        <th scope="col">Protocol &amp; Port</th>
        <th scope="col">Destination</th>
        <th scope="col" className="right" title={traffic}>
          Traffic
        </th>
        <th scope="col">Verdict</th>
        <th scope="col" className="right">
          Duration
        </th>
      </tr>
    </thead>
  );
}

function Foot({ state, onRetry }: { state: FeedState; onRetry(): void }) {
  if (state.more === "loading") {
    return (
      <div className="log-foot">
        <Loader size="xs" aria-label="Loading older rows" />
      </div>
    );
  }
  if (state.more === "failed") {
    return (
      <div className="log-foot" role="alert">
        Older rows could not be loaded: {state.error?.message}
        <Button size="compact-xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      </div>
    );
  }
  return state.more === "none" && state.entries.length > 0 ? (
    <div className="log-foot">No older rows in this time range</div>
  ) : null;
}
