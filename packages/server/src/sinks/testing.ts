/** A receiver over HTTP that is as awkward as a test wants, and remembers what it kept. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

export interface Got {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is torn instead. */
  readonly torn?: boolean;
}

export class TestReceiver {
  readonly got: Got[] = [];
  /** May keep what it says it does not, and the other way round. */
  answer: (got: Got) => Reply | Promise<Reply> = () => ({ status: 200 });
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the same port again, if it was up before. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#handle(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await buffer(request).catch(() => null);
    if (raw === null) return; // who asked is gone
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(raw).toString() : raw.toString();
    const got = { path: request.url ?? "", headers: request.headers, body };
    this.got.push(got);
    const { status, body: said = "", headers = {}, torn = false } = await this.answer(got);
    if (torn) response.destroy();
    else response.writeHead(status, headers).end(said);
  }
}

/** Ids of the events in a body of our own lines. */
export function idsIn({ body }: Pick<Got, "body">): string[] {
  return body
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => String((JSON.parse(line) as { event_id?: unknown }).event_id));
}
