/** What a hand does with a chart: look, choose a time, move along. */
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { msAt, type Plot, stepAt, wholeSteps } from "./geometry.ts";
import type { Steps } from "./series.ts";

/** Less is a click with an unsteady hand. */
const DRAG_PX = 5;
/** A click that no second one follows within this time is a single one. */
const SECOND_CLICK_MS = 250;

export interface ChartActions {
  /** Whole steps that were drawn over. */
  onBrush?: ((fromMs: number, toMs: number) => void) | undefined;
  /** Moved along by so much: later is more. */
  onPan?: ((byMs: number) => void) | undefined;
  /** The beginning of the step that was clicked. */
  onPick?: ((fromMs: number, toMs: number) => void) | undefined;
  /** Takes the last brush or pan back: a double-click. */
  onUndo?: (() => void) | undefined;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Drag {
  readonly kind: "brush" | "pan";
  readonly x: number;
}

export function useChartPointer(
  plot: Plot,
  steps: Steps,
  { onBrush, onPan, onPick, onUndo }: ChartActions,
  onLook: (step: number | null) => void,
) {
  const drag = useRef<Drag | null>(null);
  const [span, setSpan] = useState<Span | null>(null);
  const [panPx, setPanPx] = useState(0);
  const waiting = useRef(0);
  useEffect(() => () => window.clearTimeout(waiting.current), []);
  const xIn = (event: PointerEvent) => event.clientX - event.currentTarget.getBoundingClientRect().left;
  const spanTo = (from: Drag, x: number) => wholeSteps(msAt(from.x, plot, steps), msAt(x, plot, steps), steps);
  const end = () => {
    drag.current = null;
    setSpan(null);
    setPanPx(0);
  };

  return {
    /** Being chosen now. */
    span,
    /** Being moved by so much now. */
    panPx,
    handlers: {
      onPointerDown(event: PointerEvent) {
        if (event.button !== 0) return;
        window.clearTimeout(waiting.current);
        const kind = event.shiftKey && onPan !== undefined ? "pan" : "brush";
        drag.current = { kind, x: xIn(event) };
        event.currentTarget.setPointerCapture(event.pointerId);
      },
      onPointerMove(event: PointerEvent) {
        const [x, from] = [xIn(event), drag.current];
        onLook(stepAt(msAt(x, plot, steps), steps));
        if (from === null || Math.abs(x - from.x) < DRAG_PX) return;
        if (from.kind === "pan") setPanPx(x - from.x);
        else if (onBrush !== undefined) setSpan(spanTo(from, x));
      },
      onPointerUp(event: PointerEvent) {
        const [x, from] = [xIn(event), drag.current];
        end();
        if (from === null) return;
        if (Math.abs(x - from.x) < DRAG_PX) {
          const stepMs = steps.fromMs + stepAt(msAt(x, plot, steps), steps) * steps.stepMs;
          const pick = () => onPick?.(stepMs, stepMs + steps.stepMs);
          if (onUndo === undefined) return pick();
          waiting.current = window.setTimeout(pick, SECOND_CLICK_MS);
          return;
        }
        if (from.kind === "pan") return onPan?.(panned(from.x - x, plot, steps));
        const chosen = spanTo(from, x);
        onBrush?.(chosen.fromMs, chosen.toMs);
      },
      onDoubleClick() {
        window.clearTimeout(waiting.current);
        onUndo?.();
      },
      onPointerLeave: () => onLook(null),
      onPointerCancel: end,
    },
  };
}

function panned(px: number, plot: Plot, { stepMs, count }: Steps): number {
  return Math.round((px / Math.max(1, plot.width)) * count) * stepMs;
}
