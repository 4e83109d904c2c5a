/** How many a second lately: the last minute in steps of ten seconds. */
const STEP_MS = 10_000;
const STEPS = 6;

export class Rate {
  /** Newest last; those of no count are left out. */
  #steps: { readonly step: number; count: number }[] = [];

  add(count: number, nowMs: number): void {
    const step = Math.floor(nowMs / STEP_MS);
    const same = this.#steps.find((one) => one.step === step);
    if (same !== undefined) same.count += count;
    else this.#steps = [...this.#within(nowMs), { step, count }];
  }

  /** The step that runs is not over: it counts with the full ones before it. */
  perSecond(nowMs: number): number {
    const sum = this.#within(nowMs).reduce((total, { count }) => total + count, 0);
    const intoStepMs = nowMs % STEP_MS;
    return (sum * 1000) / ((STEPS - 1) * STEP_MS + intoStepMs);
  }

  #within(nowMs: number) {
    const oldest = Math.floor(nowMs / STEP_MS) - STEPS + 1;
    return this.#steps.filter(({ step }) => step >= oldest);
  }
}
