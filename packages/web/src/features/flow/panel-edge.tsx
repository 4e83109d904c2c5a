import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { clampWidth, DEFAULT_PX, type WidthRange, widthByKey, widthRange } from "./panel-width.ts";

export interface PanelEdgeProps {
  readonly widthPx: number;
  onWidth(px: number): void;
}

/** The panel's left edge: dragged, or moved by arrow keys, it makes the panel wider or narrower. */
export function PanelEdge({ widthPx, onWidth }: PanelEdgeProps) {
  /** Where the drag began, and how wide the panel was. */
  const drag = useRef<{ readonly x: number; readonly width: number } | null>(null);

  const begin = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, width: widthOf(event.currentTarget) };
  };
  const move = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    if (drag.current !== null) onWidth(clampWidth(drag.current.width + drag.current.x - clientX, rangeOf(currentTarget)));
  };
  const end = () => {
    drag.current = null;
  };
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const range = rangeOf(event.currentTarget);
    const next = widthByKey(event.key, widthOf(event.currentTarget), range);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    onWidth(clampWidth(next, range));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved; this is the window splitter of the ARIA practices
    <div
      role="separator"
      tabIndex={0}
      className="panel-edge"
      aria-orientation="vertical"
      aria-label="Width of the panel"
      aria-valuenow={widthPx}
      aria-valuemin={widthRange(window.innerWidth).leastPx}
      aria-valuemax={widthRange(window.innerWidth).mostPx}
      title="Drag to size, double-click for the usual width"
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onDoubleClick={() => onWidth(DEFAULT_PX)}
      onKeyDown={press}
    />
  );
}

function widthOf(edge: HTMLElement): number {
  return edge.parentElement?.getBoundingClientRect().width ?? DEFAULT_PX;
}

function rangeOf(edge: HTMLElement): WidthRange {
  return widthRange(edge.parentElement?.parentElement?.clientWidth ?? window.innerWidth);
}
