/** What is seen of the map: all of it, until a person moves it. */
import { type PointerEvent, type RefObject, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { Layout } from "./places.ts";
import type { Place, Room } from "./shape.ts";
import { fitView, panView, type View, viewWith, zoomView } from "./view.ts";

/** Less is a click with an unsteady hand. */
const DRAG_PX = 4;
const WHEEL_STEP = 0.0016;
const KEY_ZOOM = 1.3;
const KEY_PAN_PX = 60;
/** Around what is looked at by keyboard. */
const SEEN_PX = 60;
/** For names at the outer sides; and where no columns stand, for those below. */
const NAMES_PX = 166;
const EDGE_PX = 64;

export interface MapView {
  readonly view: View;
  zoom(factor: number): void;
  fit(): void;
  show(place: Place): void;
  /** Whether the key was one of the map's. */
  press(key: string): boolean;
  readonly handlers: {
    onPointerDown(event: PointerEvent): void;
    onPointerMove(event: PointerEvent): void;
    onPointerUp(event: PointerEvent): void;
    onPointerCancel(event: PointerEvent): void;
  };
}

export function useView(surface: RefObject<HTMLElement | null>, layout: Layout, question: string, room: Room): MapView {
  const [moved, setMoved] = useState<{ question: string; view: View } | null>(null);
  const { shape, bounds } = layout;
  const margin = useMemo(
    () => ({
      left: shape.columns.left > 0 ? NAMES_PX : EDGE_PX,
      right: shape.columns.right > 0 ? NAMES_PX : EDGE_PX,
      top: 28,
      bottom: 44,
    }),
    [shape],
  );
  const fitted = useMemo(() => fitView(bounds, room, margin), [bounds, room, margin]);
  // Another question is another map.
  const view = moved?.question === question ? moved.view : fitted;
  const move = (view: View) => setMoved({ question, view });
  const drag = useRef<{ x: number; y: number; moves: boolean } | null>(null);
  const middle = { x: room.width / 2, y: room.height / 2 };

  const turn = useEffectEvent((event: WheelEvent) => {
    const box = surface.current?.getBoundingClientRect();
    if (box === undefined) return;
    event.preventDefault();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    move(zoomView(view, Math.exp(-event.deltaY * WHEEL_STEP), at));
  });
  useEffect(() => {
    const element = surface.current;
    const listen = (event: WheelEvent) => turn(event);
    // React's own listeners cannot keep the page from scrolling.
    element?.addEventListener("wheel", listen, { passive: false });
    return () => element?.removeEventListener("wheel", listen);
  }, [surface]);

  const zoom = (factor: number) => move(zoomView(view, factor, middle));
  const fit = () => setMoved(null);
  const keys: Readonly<Record<string, () => void>> = {
    "+": () => zoom(KEY_ZOOM),
    "=": () => zoom(KEY_ZOOM),
    "-": () => zoom(1 / KEY_ZOOM),
    "0": fit,
    ArrowLeft: () => move(panView(view, KEY_PAN_PX, 0)),
    ArrowRight: () => move(panView(view, -KEY_PAN_PX, 0)),
    ArrowUp: () => move(panView(view, 0, KEY_PAN_PX)),
    ArrowDown: () => move(panView(view, 0, -KEY_PAN_PX)),
  };
  const end = () => {
    drag.current = null;
  };
  return {
    view,
    zoom,
    fit,
    show: (place) => {
      const next = viewWith(view, place, room, SEEN_PX);
      if (next.x !== view.x || next.y !== view.y) move(next);
    },
    press: (key) => {
      const act = Object.hasOwn(keys, key) ? keys[key] : undefined;
      act?.();
      return act !== undefined;
    },
    handlers: {
      onPointerDown(event) {
        // A menu on the map is no part of it.
        if (event.button === 0 && event.currentTarget.contains(event.target as Node))
          drag.current = { x: event.clientX, y: event.clientY, moves: false };
      },
      onPointerMove(event) {
        const from = drag.current;
        if (from === null) return;
        const [byX, byY] = [event.clientX - from.x, event.clientY - from.y];
        if (!from.moves && Math.hypot(byX, byY) < DRAG_PX) return;
        if (!from.moves) event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, y: event.clientY, moves: true };
        move(panView(view, byX, byY));
      },
      onPointerUp: end,
      onPointerCancel: end,
    },
  };
}
