import { useElementSize } from "@mantine/hooks";
import { sankey, sankeyLinkHorizontal } from "d3-sankey";
import { useMemo, useState } from "react";
import { cutText } from "./cut-text.ts";
import type { Amount } from "./series.ts";
import { type ChartUnit, formatExact, formatShort } from "./units.ts";
import "./stacked-chart.css";
import "./heatmap.css";
import "./sankey.css";

export interface SankeyNodeIn {
  readonly id: string;
  /** From the left, from 0. */
  readonly column: number;
  readonly label: string;
  readonly color: string;
  readonly value: Amount;
}

export interface SankeyLinkIn {
  /** Ids of nodes. */
  readonly source: string;
  readonly target: string;
  readonly value: Amount;
}

export interface SankeyProps<N extends SankeyNodeIn, L extends SankeyLinkIn> {
  readonly label: string;
  /** What each column is of. */
  readonly columns: readonly string[];
  readonly nodes: readonly N[];
  readonly links: readonly L[];
  readonly unit: ChartUnit;
  /** Where a click leads. */
  readonly hrefOf: (part: N | L) => string;
  /** A click on such a link. */
  onOpen(part: N | L): void;
}

const NODE_PX = 12;
const ROW_PX = 25;
const HEAD_PX = 22;
const LEAST_PX = 300;
const NAME_PX = 180;

interface Tip {
  readonly x: number;
  readonly y: number;
  readonly title: string;
  readonly value: Amount;
}

/** How much goes from where to where, from column to column. Each node and each link leads to what is behind it. */
export function Sankey<N extends SankeyNodeIn, L extends SankeyLinkIn>(props: SankeyProps<N, L>) {
  const { label, columns, nodes, links, unit } = props;
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [tip, setTip] = useState<Tip | null>(null);
  const rows = Math.max(...columns.map((_, column) => nodes.filter((node) => node.column === column).length));
  const height = Math.max(LEAST_PX, rows * ROW_PX + HEAD_PX);
  const laid = useMemo(() => {
    const layout = sankey<{ part: N }, { part: L }>()
      .nodeId(({ part }) => part.id)
      .nodeAlign(({ part }) => part.column)
      .nodeWidth(NODE_PX)
      .nodePadding(14)
      .extent([
        [1, HEAD_PX + 4],
        [Math.max(2, width - 1), height - 4],
      ]);
    return layout({
      nodes: nodes.map((part) => ({ part })),
      links: links.map((part) => ({ part, source: part.source, target: part.target, value: Number(part.value) })),
    });
  }, [nodes, links, width, height]);
  const labelOf = new Map(nodes.map((node) => [node.id, node.label]));
  const colorOf = new Map(nodes.map((node) => [node.id, node.color]));
  const room = columns.length < 2 ? width : Math.min(NAME_PX, width / (columns.length - 1) - NODE_PX - 26);
  const path = sankeyLinkHorizontal<{ part: N }, { part: L }>();
  const linkTitle = ({ source, target }: L) => `${labelOf.get(source)} → ${labelOf.get(target)}`;
  const look = (x: number, y: number, title: string, value: Amount) => ({
    onPointerEnter: () => setTip({ x, y, title, value }),
    onPointerLeave: () => setTip(null),
    onFocus: () => setTip({ x, y, title, value }),
    onBlur: () => setTip(null),
  });
  return (
    <div className="chart" ref={ref} style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height}>
          <title>{label}</title>
          {columns.map((column, i) => (
            <text key={column} className="sankey-column" y={13} {...headPlace(i, columns.length, width)}>
              {column}
            </text>
          ))}
          {laid.links.map((link) => {
            const { part } = link;
            const title = linkTitle(part);
            const [x, y] = [width / 2, ((link.y0 ?? 0) + (link.y1 ?? 0)) / 2];
            return (
              <Part
                key={`${part.source} ${part.target}`}
                part={part}
                title={title}
                {...props}
                look={look(x, y, title, part.value)}
              >
                <path
                  className="sankey-link"
                  d={path(link) ?? ""}
                  style={{ stroke: colorOf.get(part.source), strokeWidth: Math.max(1, link.width ?? 1) }}
                />
              </Part>
            );
          })}
          {laid.nodes.map(({ part, x0 = 0, x1 = 0, y0 = 0, y1 = 0 }) => {
            const isLast = part.column > 0 && part.column === columns.length - 1;
            return (
              <Part key={part.id} part={part} title={part.label} {...props} look={look(x0, y0, part.label, part.value)}>
                <rect
                  className="sankey-node"
                  x={x0}
                  y={y0}
                  width={x1 - x0}
                  height={Math.max(1.5, y1 - y0)}
                  style={{ fill: part.color }}
                />
                <text
                  className="sankey-name"
                  x={isLast ? x0 - 6 : x1 + 6}
                  y={(y0 + y1) / 2}
                  dy="0.34em"
                  textAnchor={isLast ? "end" : "start"}
                >
                  {cutText(part.label, room)}
                </text>
              </Part>
            );
          })}
        </svg>
      )}
      {tip !== null && (
        <div
          className="chart-tip"
          style={{ top: tip.y + 14, ...(tip.x < width / 2 ? { left: tip.x + 20 } : { right: width - tip.x }) }}
        >
          <p className="chart-tip-when">{tip.title}</p>
          <p>
            {formatShort(tip.value, unit)} <span className="heatmap-exact">{formatExact(tip.value, unit)}</span>
          </p>
        </div>
      )}
    </div>
  );
}

interface PartProps<N extends SankeyNodeIn, L extends SankeyLinkIn> extends SankeyProps<N, L> {
  readonly part: N | L;
  readonly title: string;
  readonly look: object;
  readonly children: React.ReactNode;
}

function Part<N extends SankeyNodeIn, L extends SankeyLinkIn>(props: PartProps<N, L>) {
  const { part, title, look, unit, hrefOf, onOpen, children } = props;
  return (
    <a
      href={hrefOf(part)}
      aria-label={`${title}: ${formatExact(part.value, unit)}`}
      className="sankey-part"
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        onOpen(part);
      }}
      {...look}
    >
      {children}
    </a>
  );
}

function headPlace(column: number, count: number, width: number): { x: number; textAnchor: "start" | "middle" | "end" } {
  if (column === 0) return { x: 1, textAnchor: "start" };
  if (column === count - 1) return { x: width - 1, textAnchor: "end" };
  return { x: (column / (count - 1)) * width, textAnchor: "middle" };
}
