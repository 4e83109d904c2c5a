/**
 * The link between agent and server, and the second witness: it sees what is delivered and what the server acknowledged. It can be slow, break off an
 * answer, lose one after the server has stored what it is about, and deliver twice or late.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { Server as NetServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { decodeBatch } from "@flowtrail/model";
import { numberOf } from "./flow-number.ts";
import type { Ledger } from "./ledger.ts";
import type { Random } from "./random.ts";

/** What happens to uploads; the rest passes. */
export type Weather = "clear" | "refused" | "slow" | "answers cut" | "answers lost" | "twice" | "late again";

interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

const UPLOAD = "/ingest/v1/flows";
const KEPT_UPLOADS = 40;
const SERVER_MS = 60_000;
const decompress = promisify(zstdDecompress);

export class Tap {
  weather: Weather = "clear";
  /** Answers to uploads by status; 0: none came. */
  readonly answers = new Map<number, number>();
  /** What the server did that it must not, in words. */
  readonly mistakes: string[] = [];
  /** Rows that the server refused. */
  rejected = 0;
  /** Drops that the agent declared, by reason. */
  readonly drops = new Map<string, number>();
  readonly #deps: { readonly ledger: Ledger; readonly random: Random; readonly serverUrl: () => string };
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #kept: Asked[] = [];
  #declared = new Set<string>();

  constructor(deps: { ledger: Ledger; random: Random; serverUrl: () => string }) {
    this.#deps = deps;
    this.#server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (incoming, response) => {
      // Whoever gave up is gone: there is nobody to tell.
      this.#pass(incoming, response).catch(() => response.destroy());
    });
  }

  /** Listens on a port in another network namespace, and asks the server from this one. */
  async listen(namespace: string, port: number): Promise<void> {
    const child = fork(fileURLToPath(new URL("./listen.ts", import.meta.url)), [String(port)], {
      execPath: "ip",
      execArgv: ["netns", "exec", namespace, process.execPath],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const handle = await new Promise<NetServer>((resolve, reject) => {
      child.once("message", (_message, received) => resolve(received as NetServer));
      child.once("exit", (code) => reject(new Error(`no listening socket in ${namespace}: exit code ${code}`)));
    });
    this.#server.listen(handle);
    await once(this.#server, "listening");
    child.removeAllListeners("exit");
    child.disconnect();
  }

  /** Breaks every connection off. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut();
    this.#agent.destroy();
    await closed;
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = "GET", url = "/", headers } = incoming;
    const asked: Asked = { method, url, headers, body: Buffer.concat(chunks) };
    if (url !== UPLOAD) return this.#answer(response, await this.#ask(asked));
    const { weather } = this;
    if (weather === "refused") return void response.destroy();
    this.#keep(asked);
    if (weather === "slow") await sleep(this.#deps.random.whole(200, 2000));
    const second = weather === "twice" ? this.#deliver(asked) : null;
    const reply = await this.#deliver(asked);
    await second;
    if (weather === "late again") await this.#deliverOld();
    if (weather === "answers lost" && this.#isHit()) response.destroy();
    else if (weather === "answers cut" && this.#isHit()) await this.#answerHalf(response, reply);
    else this.#answer(response, reply);
  }

  #isHit(): boolean {
    return this.#deps.random.next() < 0.7;
  }

  #answer(response: ServerResponse, { status, headers, body }: Reply): void {
    if (status === 0) response.destroy();
    else response.writeHead(status, headers).end(body);
  }

  async #answerHalf(response: ServerResponse, { status, headers, body }: Reply): Promise<void> {
    if (status !== 0) {
      const { "transfer-encoding": _, ...rest } = headers;
      response.writeHead(status, { ...rest, "content-length": body.length });
      response.write(body.subarray(0, body.length >> 1));
      await sleep(50);
    }
    response.destroy();
  }

  /** Some uploads of before, in any order, as a network or a proxy may deliver them that has kept them. */
  async #deliverOld(): Promise<void> {
    const old = this.#deps.random.shuffled(this.#kept).slice(0, 3);
    await Promise.all(old.map((asked) => this.#deliver(asked)));
  }

  #keep(asked: Asked): void {
    this.#kept = [...this.#kept, asked].slice(-KEPT_UPLOADS);
  }

  async #deliver(asked: Asked): Promise<Reply> {
    const { numbers, drops } = await this.#read(asked.body);
    const reply = await this.#ask(asked);
    const { status, headers, body } = reply;
    this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
    if ((status === 429 || status === 503) && headers["retry-after"] === undefined)
      this.mistakes.push(`${status} without Retry-After: ${body.toString().slice(0, 200)}`);
    if (status === 200) {
      this.#onAcknowledged(numbers, body);
      this.#declare(String(asked.headers["flowtrail-batch"]), drops);
    }
    return reply;
  }

  async #read(body: Buffer): Promise<{ numbers: (number | null)[]; drops: Readonly<Record<string, number>> }> {
    const { batch, metadata } = decodeBatch(await decompress(body), { maxRows: 1_000_000 });
    const { protocol, src_port, dst_port } = batch.columns;
    const numbers = Array.from({ length: batch.length }, (_, row) =>
      numberOf(protocol.get(row) ?? 0, src_port.get(row) ?? 0, dst_port.get(row) ?? 0),
    );
    return { numbers, drops: (metadata as { drops?: Record<string, number> } | undefined)?.drops ?? {} };
  }

  #onAcknowledged(numbers: readonly (number | null)[], body: Buffer): void {
    const { rejected } = JSON.parse(body.toString()) as { rejected: readonly { row: number; code: string; message: string }[] };
    const bad = new Set(rejected.map(({ row }) => row));
    for (const { code, message } of rejected.slice(0, 1)) this.mistakes.push(`a row was rejected: ${code} ${message}`);
    this.rejected += rejected.length;
    for (const [row, number] of numbers.entries()) {
      if (number !== null && !bad.has(row)) this.#deps.ledger.onAcknowledged(number);
    }
  }

  #declare(batch: string, drops: Readonly<Record<string, number>>): void {
    if (this.#declared.has(batch)) return;
    this.#declared.add(batch);
    for (const [reason, count] of Object.entries(drops)) this.drops.set(reason, (this.drops.get(reason) ?? 0) + count);
  }

  #ask({ method, url, headers, body }: Asked): Promise<Reply> {
    return new Promise((resolve) => {
      const none = () => resolve({ status: 0, headers: {}, body: Buffer.alloc(0) });
      const target = new URL(url, this.#deps.serverUrl());
      const { connection: _, "transfer-encoding": __, ...kept } = headers;
      const asking = request(target, { method, headers: { ...kept, "content-length": body.length }, agent: this.#agent });
      asking.setTimeout(SERVER_MS, () => asking.destroy());
      asking.on("error", none);
      asking.on("response", async (reply) => {
        const chunks: Buffer[] = [];
        try {
          for await (const chunk of reply as AsyncIterable<Buffer>) chunks.push(chunk);
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) });
        } catch {
          none(); // the server died in the middle of it
        }
      });
      asking.end(body);
    });
  }
}
