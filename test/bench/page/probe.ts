/** Runs in the page, from before its first script on: when the first rows were painted, how long tasks and frames took. */

export interface Probe {
  /** Milliseconds from the navigation to the frame that shows the first rows; null: not yet. */
  paintedMs: number | null;
  /** Tasks of more than 50 ms since the last reset. */
  longTasks: number[];
  /** Milliseconds between two frames, while `watch` is on. */
  frames: number[];
  watch: boolean;
}

export type ProbedWindow = Window & { probe: Probe };

/** Handed to the browser as text. */
export function installProbe(): void {
  const probe: Probe = { paintedMs: null, longTasks: [], frames: [], watch: false };
  (window as unknown as ProbedWindow).probe = probe;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) probe.longTasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
  let lastMs = 0;
  const frame = (nowMs: number) => {
    if (probe.watch && lastMs > 0) probe.frames.push(nowMs - lastMs);
    lastMs = probe.watch ? nowMs : 0;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const seen = new MutationObserver(() => {
    if (document.querySelector("tbody tr[aria-rowindex]") === null) return;
    seen.disconnect();
    // The frame after the next one has been painted when it begins.
    requestAnimationFrame(() => {
      requestAnimationFrame(() => {
        probe.paintedMs = performance.now();
      });
    });
  });
  seen.observe(document, { childList: true, subtree: true });
}
