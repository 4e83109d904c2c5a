import { type KeyboardEvent, type PointerEvent, useRef } from "react";

const STEP_PX = 16;

export interface ResizerProps {
  readonly label: string;
  onWidth(px: number): void;
  onFit(): void;
}

/** The right edge of a column's head. */
export function Resizer({ label, onWidth, onFit }: ResizerProps) {
  /** Where the drag began, and how wide the column was. */
  const drag = useRef<{ readonly x: number; readonly width: number } | null>(null);

  const begin = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, width: widthOf(event.currentTarget) };
  };
  const move = ({ clientX }: PointerEvent) => {
    if (drag.current !== null) onWidth(drag.current.width + clientX - drag.current.x);
  };
  const end = () => {
    drag.current = null;
  };
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const by = { ArrowLeft: -STEP_PX, ArrowRight: STEP_PX }[event.key];
    if (by !== undefined) onWidth(widthOf(event.currentTarget) + by);
    else if (event.key === "Enter") onFit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <button
      type="button"
      className="resizer"
      aria-label={`Width of ${label}: arrow keys, Enter to fit`}
      title="Drag to size, double-click to fit"
      onPointerDown={begin}
      onPointerMove={move}
      onPointerUp={end}
      onPointerCancel={end}
      onDoubleClick={onFit}
      onKeyDown={press}
    />
  );
}

function widthOf(handle: HTMLElement): number {
  return handle.closest("th")?.getBoundingClientRect().width ?? 0;
}
