/** The same by keyboard: arrows move from step to step, Shift with them chooses a time, Enter does it. */
import { type KeyboardEvent, useState } from "react";
import type { Steps } from "./series.ts";
import type { ChartActions, Span } from "./use-chart-pointer.ts";

export interface ChartKeyActions extends ChartActions {
  /** The chart's step is looked at. */
  onLook(step: number): void;
}

export function useChartKeys(at: number | null, steps: Steps, { onBrush, onPan, onPick, onUndo, onLook }: ChartKeyActions) {
  /** Where the choice began. */
  const [anchor, setAnchor] = useState<number | null>(null);
  const step = at ?? steps.count - 1;
  const span: Span | null =
    anchor === null
      ? null
      : {
          fromMs: steps.fromMs + Math.min(anchor, step) * steps.stepMs,
          toMs: steps.fromMs + (Math.max(anchor, step) + 1) * steps.stepMs,
        };
  const move = (to: number, choosing: boolean) => {
    setAnchor(choosing && onBrush !== undefined ? (anchor ?? step) : null);
    onLook(Math.min(steps.count - 1, Math.max(0, to)));
  };
  const many = Math.max(1, Math.round(steps.count / 10));
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: step - 1,
    ArrowRight: step + 1,
    PageUp: step - many,
    PageDown: step + many,
    Home: 0,
    End: steps.count - 1,
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const { key } = event;
    const target = targets[key];
    if (event.ctrlKey || event.metaKey) return;
    if (event.altKey) {
      if (onPan === undefined || (key !== "ArrowLeft" && key !== "ArrowRight")) return;
      onPan((key === "ArrowLeft" ? -many : many) * steps.stepMs);
    } else if (target !== undefined) move(target, event.shiftKey);
    else if (key === "Enter" && span !== null) {
      setAnchor(null);
      onBrush?.(span.fromMs, span.toMs);
    } else if (key === "Enter" && onPick !== undefined)
      onPick(steps.fromMs + step * steps.stepMs, steps.fromMs + (step + 1) * steps.stepMs);
    else if (key === "Escape" && anchor !== null) setAnchor(null);
    else if (key === "Escape" && onUndo !== undefined) onUndo();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return { span, onKeyDown, endChoice: () => setAnchor(null) };
}
