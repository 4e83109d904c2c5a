import { type RefObject, useLayoutEffect, useMemo, useRef } from "react";
import type { TableItem } from "./items.ts";

interface Anchored {
  readonly scroll: RefObject<HTMLElement | null>;
  readonly items: readonly TableItem[];
  readonly rowPx: number;
  /** Another list: it begins at its top. */
  readonly generation: number;
  /** The first row is the list's first one: whoever stands there stays there, and sees what is new. */
  readonly isAtTop: boolean;
}

export interface Anchor {
  /** To be called when somebody has scrolled. */
  remember(): void;
  /** Scrolls as little as is needed to show a row. */
  reveal(key: string): void;
}

const HEAD_PX = 37;

/** Keeps the row that is at the top of the screen where it is, whatever comes in or goes above it. */
export function useAnchor({ scroll, items, rowPx, generation, isAtTop }: Anchored): Anchor {
  const now = useRef({ items, rowPx });
  const anchor = useRef<{ readonly key: string; readonly offsetPx: number } | null>(null);
  const before = useRef({ generation, isAtTop });
  const actions = useMemo<Anchor>(
    () => ({
      remember() {
        const { items: all, rowPx: px } = now.current;
        const top = scroll.current?.scrollTop ?? 0;
        const item = all[Math.floor(top / px)];
        anchor.current = item === undefined ? null : { key: item.key, offsetPx: top % px };
      },
      reveal(key) {
        const { items: all, rowPx: px } = now.current;
        const element = scroll.current;
        const index = all.findIndex((item) => item.key === key);
        if (element === null || index < 0) return;
        const top = index * px;
        const roomPx = element.clientHeight - HEAD_PX;
        if (top < element.scrollTop) element.scrollTop = top;
        else if (top + px > element.scrollTop + roomPx) element.scrollTop = top + px - roomPx;
      },
    }),
    [scroll],
  );
  useLayoutEffect(() => {
    now.current = { items, rowPx };
    const element = scroll.current;
    if (element === null) return;
    if (before.current.generation !== generation) {
      element.scrollTop = 0;
    } else if (anchor.current !== null && !(before.current.isAtTop && element.scrollTop === 0)) {
      const { key, offsetPx } = anchor.current;
      const index = items.findIndex((item) => item.key === key);
      const top = index * rowPx + offsetPx;
      if (index >= 0 && Math.abs(top - element.scrollTop) >= 1) element.scrollTop = top;
    }
    before.current = { generation, isAtTop };
    actions.remember();
  }, [scroll, items, rowPx, generation, isAtTop, actions]);
  return actions;
}
