import { ApiError } from "../../lib/errors.ts";

/** What the server said is wrong, by the path of the field. */
export function problemsOf(error: unknown): Readonly<Record<string, string>> {
  if (!(error instanceof ApiError) || error.data.code !== "REFUSED") return {};
  return Object.fromEntries((error.data.problems ?? []).map(({ parameter, message }) => [parameter, message]));
}
