import { type RefObject, useCallback, useLayoutEffect, useState } from "react";

/** Rows that are drawn beyond the edge of the screen, so that a scroll does not show a gap. */
const SPARE_ROWS = 8;

export interface RowWindow {
  /** Rows to draw: `from` belongs to them, `to` does not. */
  readonly from: number;
  readonly to: number;
  /** To be called when the scroll position has changed. */
  measure(): void;
}

/** Which rows of a long table are on the screen. All are of one height: any number of them costs no more than those that are seen. */
export function useRowWindow(scroll: RefObject<HTMLElement | null>, count: number, rowPx: number): RowWindow {
  const [shown, setShown] = useState({ first: 0, rows: 30 });
  const measure = useCallback(() => {
    const element = scroll.current;
    if (element === null) return;
    const first = Math.floor(element.scrollTop / rowPx);
    const rows = Math.ceil(element.clientHeight / rowPx) + 1;
    setShown((before) => (before.first === first && before.rows === rows ? before : { first, rows }));
  }, [scroll, rowPx]);
  useLayoutEffect(() => {
    const element = scroll.current;
    if (element === null) return;
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroll, measure]);
  const first = Math.min(shown.first, Math.max(0, count - shown.rows));
  return { from: Math.max(0, first - SPARE_ROWS), to: Math.min(count, first + shown.rows + SPARE_ROWS), measure };
}
