/** What the doctor says of one thing. */
export interface Finding {
  readonly part: "machine" | "agent" | "server";
  /** Stable, for programs. */
  readonly check: string;
  /** `warn`: it works, with less, or not for long. */
  readonly state: "ok" | "warn" | "fail" | "skip";
  readonly what: string;
  /** The command, or the setting, that mends it; null: nothing is to be mended. */
  readonly mend: string | null;
}

export function findings(part: Finding["part"]) {
  const make =
    (state: Finding["state"]) =>
    (check: string, what: string, mend: string | null = null): Finding => ({ part, check, state, what, mend });
  return { ok: make("ok"), warn: make("warn"), fail: make("fail"), skip: make("skip") };
}

/** 1 if something does not work. */
export function exitCodeFor(all: readonly Finding[]): number {
  return all.some(({ state }) => state === "fail") ? 1 : 0;
}
