/** Exit codes that scripts and supervisors can rely on. */
const CODES: Readonly<Record<string, number>> = {
  USAGE: 2,
  CONFIG_INVALID: 2,
  CONFIG_FILE: 2,
};

/** 1 for every error that has no code of its own. */
export function exitCodeOf(code: string): number {
  return CODES[code] ?? 1;
}
