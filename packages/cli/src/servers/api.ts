/** Questions to a server that come as JSON, in whole or line by line. */
import { NDJSON_CONTENT_TYPE } from "@flowtrail/model";
import { CliError } from "../errors.ts";
import { callServer, messageOf, refused, unreachable } from "../local-server.ts";
import type { ChosenServer } from "./choose-server.ts";

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Path and parameters as they are asked for, and as they can be shown. */
export function pathOf(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of [value].flat()) search.append(name, one);
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A server may stand at a path of its own: https://example.org/flowtrail/. */
export function urlOf({ url }: Pick<ChosenServer, "url">, path: string): URL {
  return new URL(path.slice(1), url.endsWith("/") ? url : `${url}/`);
}

export function getJson<T>(server: ChosenServer, path: string, query: Query = {}): Promise<T> {
  return callServer<T>(server, "GET", pathOf(path, query));
}

interface OpenOptions {
  readonly accept: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** With one it is a POST. */
  readonly body?: unknown;
}

/** An answer that is read as it comes. @throws CliError SERVER_UNREACHABLE, SERVER_REFUSED */
export async function open(
  server: ChosenServer,
  path: string,
  { accept, headers = {}, signal, body }: OpenOptions,
): Promise<ReadableStream<Uint8Array>> {
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(urlOf(server, path), {
    method,
    headers: {
      accept,
      ...headers,
      ...(server.token === null ? {} : { authorization: `Bearer ${server.token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw unreachable(server.url, cause);
  });
  if (!response.ok || response.body === null)
    throw refused(server.url, `${method} ${path}`, response.status, await response.text());
  return response.body;
}

/** Lines of a stream, without their ends. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

export interface PageEnd {
  readonly next: string | null;
  readonly note: string | null;
  readonly meta: { readonly partial: boolean };
}

/** A page of `GET /api/flows`, row by row as they are found: each row as the text that the server sent; then what stands behind them. */
export async function* pageRows(server: ChosenServer, query: Query, signal?: AbortSignal): AsyncGenerator<string, PageEnd> {
  const body = await open(server, pathOf("/api/flows", query), {
    accept: NDJSON_CONTENT_TYPE,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const line of linesOf(body)) {
    // Rows are many, and shown as they came: only what is none is looked into.
    const other = line.startsWith('{"flow_id":') ? {} : (JSON.parse(line) as Partial<PageEnd> & { error?: unknown });
    if ("next" in other) return other as PageEnd;
    if ("error" in other)
      throw new CliError({ code: "SERVER_REFUSED", url: server.url, status: 500 }, `GET /api/flows: ${messageOf(line)}`);
    yield line;
  }
  throw new CliError({ code: "ANSWER_BROKEN", url: server.url }, "the answer broke off before its end: ask again");
}
