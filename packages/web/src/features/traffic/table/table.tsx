/** The traffic log: any number of rows, of which only those on the screen are drawn. */
import {
  type CSSProperties,
  type Ref,
  useCallback,
  useDeferredValue,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
} from "react";
import type { TableColumn } from "../columns/column.ts";
import { fittingWidth } from "../columns/fit.ts";
import { DENSITIES, gridOf, type TableLayout, withWidth } from "../columns/layout.ts";
import type { FeedState } from "../list/feed-state.ts";
import type { FlowFeed } from "../list/flow-feed.ts";
import type { FlowEntry } from "../list/flow-list.ts";
import type { ListOrder } from "../list/question.ts";
import type { ReportsView } from "../query.ts";
import { Body } from "./body.tsx";
import { Edge } from "./edge.tsx";
import { Head } from "./head.tsx";
import { itemsOf } from "./items.ts";
import { rowId } from "./row.tsx";
import { isOnValue, stepValue } from "./row-values.ts";
import { tableActions } from "./table-actions.ts";
import { useAnchor } from "./use-anchor.ts";
import { useExpanded } from "./use-expanded.ts";
import { useReading } from "./use-reading.ts";
import { useReportCounts } from "./use-report-counts.ts";
import { useRowWindow } from "./use-row-window.ts";
import "./table.css";
import "./rows.css";

/** Rows before an end at which further ones are asked for. */
const ASK_AHEAD = 40;

export interface TableHandle {
  scrollToTop(): void;
  scrollToKey(key: string): void;
  /** → shows the reports of a row, then goes through its values; ← goes back, and hides the reports. */
  walk(key: string, by: 1 | -1): void;
  focus(): void;
}

export interface TableProps {
  readonly ref: Ref<TableHandle>;
  readonly feed: FlowFeed;
  readonly state: FeedState;
  readonly view: ReportsView;
  readonly withDay: boolean;
  readonly layout: TableLayout;
  readonly order: ListOrder;
  readonly activeKey: string | null;
  readonly openKey: string | null;
  onOpen(entry: FlowEntry): void;
  onSort(column: TableColumn): void;
  onLayout(layout: TableLayout): void;
}

export function Table(props: TableProps) {
  const { ref, feed, view, layout, order, activeKey, onSort, onLayout } = props;
  // Many rows at once are drawn in slices between which the page answers.
  const state = useDeferredValue(props.state);
  const scroll = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLTableElement>(null);
  const { entries, more, before } = state;
  const { reports, toggle } = useExpanded(state.generation);
  const items = useMemo(() => itemsOf(entries, reports), [entries, reports]);
  const rows = useRowWindow(scroll, items.length, layout.density);
  const shown = useMemo(() => items.slice(rows.from, rows.to), [items, rows.from, rows.to]);
  const anchor = useAnchor({ scroll, items, rowPx: layout.density, generation: state.generation, isAtTop: before === "none" });
  const reading = useReading(feed);
  const flows = useMemo(() => shown.flatMap((item) => (item.kind === "flow" ? [item.entry] : [])), [shown]);
  const counts = useReportCounts(flows, view === "merged");

  // What the anchor has scrolled to must be drawn before it is painted.
  useLayoutEffect(rows.measure);
  useEffect(() => {
    if (more === "yes" && rows.to >= items.length - ASK_AHEAD) void feed.loadOlder();
  }, [feed, more, rows.to, items.length]);
  useEffect(() => {
    if (before === "yes" && rows.from <= ASK_AHEAD) void feed.loadNewer();
  }, [feed, before, rows.from]);
  const focus = () => grid.current?.focus({ preventScroll: true });
  useImperativeHandle(ref, () => ({
    scrollToTop: () => scroll.current?.scrollTo({ top: 0 }),
    scrollToKey: (key) => anchor.reveal(key),
    walk: (key, by) => {
      // Null: it could not be told how many there are.
      const hidesReports = view === "merged" && !reports.has(key) && (counts.get(key) === null || (counts.get(key) ?? 1) > 1);
      if (by > 0 && hidesReports && !isOnValue()) toggle(key);
      else if (!stepValue(key, by)) {
        if (by < 0 && !isOnValue() && reports.has(key)) toggle(key);
        if (by < 0) focus();
      }
    },
    focus,
  }));

  const setWidth = (id: string, px: number) => onLayout(withWidth(layout, id, px));
  const fit = (id: string) => {
    const index = layout.columns.findIndex(({ column }) => column.id === id);
    if (grid.current !== null) setWidth(id, fittingWidth(grid.current, index));
  };
  const onScroll = useCallback(() => {
    rows.measure();
    anchor.remember();
    reading.scrolled((scroll.current?.scrollTop ?? 0) > 0);
  }, [rows.measure, anchor, reading]);
  const actions = tableActions(props, entries);
  const { template, minPx } = gridOf(layout, props.withDay);

  return (
    <div
      ref={scroll}
      className={classOf(state, layout)}
      data-pinned={layout.pinned || undefined}
      style={{ "--log-columns": template, "--log-width": `${minPx}px`, "--row": `${layout.density}px` } as CSSProperties}
      onScroll={onScroll}
      {...reading.pointer}
    >
      <Edge state={before} side="newer" message={state.error?.message} onRetry={() => void feed.loadNewer()} />
      <table
        ref={grid}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: its rows are walked with the keyboard; the focus stays on the grid, because rows come and go while one scrolls
        role="grid"
        aria-label="Traffic logs"
        aria-rowcount={more === "none" && before === "none" ? items.length + 1 : -1}
        aria-colcount={layout.columns.length}
        aria-busy={state.phase === "refreshing"}
        aria-activedescendant={activeKey === null ? undefined : rowId(activeKey)}
        tabIndex={0}
        {...actions}
      >
        <Head layout={layout} view={view} order={order} onSort={onSort} onWidth={setWidth} onFit={fit} />
        <Body
          {...props}
          items={shown}
          from={rows.from}
          count={items.length}
          counts={counts}
          reports={reports}
          onToggle={toggle}
        />
      </table>
      <Edge
        state={more}
        side="older"
        message={state.error?.message}
        order={order}
        cleared={state.cleared}
        onRetry={() => void feed.loadOlder()}
      />
    </div>
  );
}

function classOf({ phase }: FeedState, { density }: TableLayout): string {
  const isOld = phase !== "ready" && phase !== "loading";
  const marks = [isOld && "log-old", density < DENSITIES[0] && "log-flat", density === DENSITIES[2] && "log-dense"];
  return ["log", ...marks.filter(Boolean)].join(" ");
}
