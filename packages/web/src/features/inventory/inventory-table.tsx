/** A list of nodes, users, … of any length, of which only the rows on the screen are drawn. */
import { useMediaQuery } from "@mantine/hooks";
import { type CSSProperties, useRef } from "react";
import { carriedParams } from "../../lib/asked.ts";
import { entityPath } from "../../lib/paths.ts";
import type { InventoryKind, ListedEntity } from "../../lib/types-inventory.ts";
import { useUrl } from "../../lib/url.ts";
import { useClock } from "../../lib/use-clock.ts";
import { Sparkline } from "../../ui/charts/sparkline.tsx";
import { PageLink } from "../../ui/page-link.tsx";
import { SortButton } from "../../ui/sort-button.tsx";
import { useRowWindow } from "../traffic/table/use-row-window.ts";
import { BytesCell, CountCell } from "./cells.tsx";
import type { ListColumn } from "./column.ts";
import { KindIcon } from "./kind-icon.tsx";
import { PAGE_OF } from "./kinds.ts";
import type { ListChoice, Sort } from "./rows.ts";
import "./inventory-table.css";

const ROW_PX = 40;

export interface InventoryTableProps {
  readonly label: string;
  readonly kind: InventoryKind;
  readonly columns: readonly ListColumn[];
  readonly rows: readonly ListedEntity[];
  readonly choice: ListChoice;
  readonly old: boolean;
  onSort(sort: Sort): void;
}

export function InventoryTable({ label, kind, columns: all, rows, choice, old, onSort }: InventoryTableProps) {
  const roomy = useMediaQuery("(min-width: 1000px)", true, { getInitialValueInEffect: false });
  const columns = roomy ? all : all.filter(({ spare }) => spare === undefined);
  const scroll = useRef<HTMLElement>(null);
  const shown = useRowWindow(scroll, rows.length, ROW_PX);
  const head = (text: string, sort?: Sort, title?: string, className?: string) => (
    <Head key={text} text={text} sort={sort} title={title} className={className} choice={choice} onSort={onSort} />
  );
  const template = [
    "minmax(150px, 2fr)",
    ...columns.map(({ share }) => `minmax(0, ${share}fr)`),
    roomy ? "110px 96px 96px" : "86px 86px",
  ].join(" ");
  return (
    <section
      ref={scroll}
      className={`inventory-list${old ? " inventory-old" : ""}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={label}
      aria-busy={old}
      onScroll={shown.measure}
    >
      <table aria-rowcount={rows.length + 1} style={{ "--inventory-columns": template } as CSSProperties}>
        <thead>
          <tr className="inventory-line" aria-rowindex={1}>
            {head("Name", "name")}
            {columns.map((column) => head(column.label, column.sort, column.title))}
            {roomy && head("Over time", undefined, "Bytes over the time range")}
            {head("Traffic", "bytes", "Bytes of flows with it at either end, in the time range", "right")}
            {head("Connections", "connections", "That began in the time range", "right")}
          </tr>
        </thead>
        <tbody style={{ height: rows.length * ROW_PX }}>
          {rows.slice(shown.from, shown.to).map((entity, i) => (
            <Row key={entity.name} kind={kind} entity={entity} columns={columns} index={shown.from + i} drawn={roomy} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface HeadProps extends Pick<InventoryTableProps, "choice" | "onSort"> {
  readonly text: string;
  readonly sort: Sort | undefined;
  readonly title: string | undefined;
  readonly className: string | undefined;
}

function Head({ text, sort, title, className, choice, onSort }: HeadProps) {
  const isSorted = sort !== undefined && choice.sort === sort;
  return (
    <th
      scope="col"
      className={className}
      title={title}
      aria-sort={isSorted ? (choice.order === "desc" ? "descending" : "ascending") : undefined}
    >
      {sort === undefined ? text : <SortButton label={text} order={isSorted ? choice.order : null} onSort={() => onSort(sort)} />}
    </th>
  );
}

interface RowProps extends Pick<InventoryTableProps, "kind" | "columns"> {
  readonly entity: ListedEntity;
  readonly index: number;
  /** With the line that says how it went. */
  readonly drawn: boolean;
}

function Row({ kind, entity, columns, index, drawn }: RowProps) {
  const { params } = useUrl();
  const page = new URLSearchParams([...carriedParams(params), ["name", entity.name]]);
  // The list's totals are of all flows: so are those of the page that it leads to.
  page.delete("q");
  return (
    <tr
      className={`inventory-line inventory-row${entity.removed === null ? "" : " inventory-removed"}`}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
    >
      <th scope="row">
        <KindIcon kind={kind} />
        <PageLink path={entityPath(PAGE_OF[kind])} params={page} className="inventory-name cut" title={entity.name}>
          {entity.name}
        </PageLink>
        <Marks entity={entity} />
      </th>
      {columns.map(({ label, cell }) => (
        <td key={label}>{cell(entity)}</td>
      ))}
      {drawn && (
        <td>
          {entity.series.length > 0 && <Sparkline values={entity.series} label="Bytes over time" width={100} height={20} />}
        </td>
      )}
      <td className="right">
        <BytesCell bytes={entity.bytes} />
      </td>
      <td className="right">
        <CountCell count={entity.connections} />
      </td>
    </tr>
  );
}

function Marks({ entity: { gateway, removed, known } }: { entity: ListedEntity }) {
  const clock = useClock();
  if (removed !== null) {
    return (
      <span className="inventory-mark" title={`The inventory has it no more since ${clock.exact(Date.parse(removed))}`}>
        removed {clock.dayAndTime(Date.parse(removed))}
      </span>
    );
  }
  if (!known) {
    return (
      <span className="inventory-mark" title="No inventory has it: flows or an agent alone tell of it">
        not in the inventory
      </span>
    );
  }
  return gateway ? <span className="inventory-mark">gateway</span> : null;
}
