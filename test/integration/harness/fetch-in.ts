/** An HTTP request that is made inside of a network namespace, by a process there. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
export interface FetchAnswer<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: T;
}

const SCRIPT = `
const [url, method, headers, body] = JSON.parse(process.argv[1]);
const answer = await fetch(url, { method, headers, ...(body === null ? {} : { body }) });
console.log(JSON.stringify([answer.status, Object.fromEntries(answer.headers), await answer.text()]));`;

const run = promisify(execFile);

export async function fetchIn<T>(
  namespace: string,
  url: string,
  { method = "GET", headers = {}, body }: FetchOptions = {},
): Promise<FetchAnswer<T>> {
  const json = body === undefined ? null : JSON.stringify(body);
  const all = json === null ? headers : { "content-type": "application/json", ...headers };
  const argument = JSON.stringify([url, method, all, json]);
  const node = [process.execPath, "--input-type=module", "-e", SCRIPT, argument];
  const { stdout } = await run("ip", ["netns", "exec", namespace, ...node], { maxBuffer: 64 << 20 });
  const [status, answered, text] = JSON.parse(stdout) as [number, Record<string, string>, string];
  return { status, headers: answered, body: (text.startsWith("{") ? JSON.parse(text) : text) as T };
}
