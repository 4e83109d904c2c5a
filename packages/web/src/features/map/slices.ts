/** Work in slices: between them the page answers to the person. */
const SLICE_MS = 8;

/** Runs it to its end. @throws the signal's reason once it is given up */
export async function inSlices<T>(work: Generator<unknown, T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    const untilMs = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done === true) return step.value;
    } while (performance.now() < untilMs);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
