/** Lists in all the shapes that Netmaker gives them: bare, null, wrapped, in pages. One broken entry costs itself only. */
import type { z } from "zod";
import { NetmakerError } from "./errors.ts";

type Json = Readonly<Record<string, unknown>>;
export type Ask = (path: string) => Promise<unknown>;

/** What became of a list's entries. */
export interface Entries<T> {
  readonly good: readonly T[];
  readonly broken: number;
  /** What is wrong with the first of them. */
  readonly first: string | null;
}

/** More pages than a hundred thousand entries have. A server that counts wrong must not keep us for ever. */
const MAX_PAGES = 1000;
const PER_PAGE = 100;

/**
 * The entries of an old endpoint: a bare array or null; wrapped ones are taken, too.
 * @throws NetmakerError NETMAKER_ANSWER
 */
export async function listOf(ask: Ask, path: string): Promise<readonly unknown[]> {
  return itemsOf(unwrap(await ask(path)), path);
}

/** What is inside of `{Code, Message, Response}`, or the answer itself. */
export function unwrap(answer: unknown): unknown {
  return isObject(answer) && "Response" in answer ? answer.Response : answer;
}

/**
 * The entries of an endpoint that gives them in pages (`{data, page, per_page, total, total_pages}`).
 * @throws NetmakerError NETMAKER_ANSWER
 */
export async function pagedListOf(ask: Ask, path: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const answer = unwrap(await ask(`${path}?page=${page}&per_page=${PER_PAGE}`));
    if (!isObject(answer) || !("data" in answer)) return itemsOf(answer, path);
    const data = itemsOf(answer.data, path);
    found.push(...data);
    const total = typeof answer.total_pages === "number" ? answer.total_pages : null;
    if (data.length === 0 || (total === null ? data.length < PER_PAGE : page >= total)) return found;
  }
  throw new NetmakerError({ code: "NETMAKER_ANSWER", url: path }, `${path} has more than ${MAX_PAGES} pages`);
}

/** @param schemaOf of an entry, by what it says */
export function readEntries<T>(items: readonly unknown[], schemaOf: (item: unknown) => z.ZodType<T>, what: string): Entries<T> {
  const good: T[] = [];
  let first: string | null = null;
  for (const item of items) {
    const result = schemaOf(item).safeParse(item);
    if (result.success) good.push(result.data);
    else first ??= `${what} ${nameOf(item)}: ${problemOf(result.error)}`;
  }
  return { good, broken: items.length - good.length, first };
}

export const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

function itemsOf(value: unknown, path: string): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  const shape = isObject(value) ? `an object with ${Object.keys(value).slice(0, 5).join(", ") || "nothing"}` : typeof value;
  throw new NetmakerError({ code: "NETMAKER_ANSWER", url: path }, `${path} gives ${shape} where a list was expected`);
}

function problemOf({ issues }: z.ZodError): string {
  const [issue] = issues;
  return issue === undefined ? "unknown" : `${issue.path.map(String).join(".") || "entry"}: ${issue.message}`;
}

/** Whatever it may be called. */
function nameOf(item: unknown): string {
  if (!isObject(item)) return JSON.stringify(item)?.slice(0, 40) ?? "";
  const name = [item.id, item.clientid, item.netid, item.username].find((one) => typeof one === "string" && one !== "");
  return typeof name === "string" ? name.slice(0, 64) : "without an id";
}
