/**
 * Syslog over TCP or TLS (RFC 5425, RFC 6587). The protocol has no acknowledgement: bytes that the kernel took may be lost with the connection.
 * So the last batch is kept until the next one, and is sent again first if the connection broke in between. What remains: a server of ours that
 * is restarted, or a receiver that reads and then dies.
 */
import { readFile } from "node:fs/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { allowedLookup, assertAllowed } from "../../outgoing/allowed-addresses.ts";
import { framed } from "../../outgoing/syslog.ts";
import type { LineFormat, Refused, SendResult, SinkEvent, Transport, TransportDeps, TransportKind } from "../ports.ts";
import { linesOf } from "./lines.ts";
import type { SyslogConfig } from "./syslog-config.ts";
import { syslogMessagesOf } from "./syslog-messages.ts";

/** For the receiver to read the rest, and to close its side. */
const FAREWELL_MS = 5000;

class SyslogTransport implements Transport {
  readonly batch: Transport["batch"];
  readonly #config: SyslogConfig;
  readonly #deps: TransportDeps;
  #socket: Socket | null = null;
  /** Was written and may not have arrived. */
  #unsure: Buffer = Buffer.alloc(0);
  #lost: string | null = null;

  constructor(config: SyslogConfig, deps: TransportDeps) {
    this.#config = config;
    this.#deps = deps;
    this.batch = { maxEvents: config.max_events, lingerMs: 0 };
  }

  async open(): Promise<void> {}

  async send(events: readonly SinkEvent[], signal: AbortSignal): Promise<SendResult> {
    const { bytes, refused } = this.#messagesOf(events);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#config.timeout_s * 1000)]);
    try {
      if (this.#socket === null) await this.#reconnect(deadline);
      if (bytes.length > 0) {
        await this.#write(bytes, deadline);
        this.#unsure = bytes;
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#drop();
      const isTls = /CERT|TLS|SSL|ALTNAME/.test((error as NodeJS.ErrnoException).code ?? "");
      const reason = deadline.aborted ? "timeout" : isTls ? "tls" : "unreachable";
      return { kind: "not_now", reason, message: messageOf(error), retryAfterMs: null };
    }
    return refused.length === 0 ? { kind: "taken" } : { kind: "partly", refused, again: [], retryAfterMs: null };
  }

  /** A connection that both sides close was read to its end, as far as TCP can tell. */
  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
      socket.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
  }

  #messagesOf(all: readonly SinkEvent[]): { bytes: Buffer; refused: Refused[] } {
    const { facility, max_message_bytes: maxBytes } = this.#config;
    const { lines, events, refused } = linesOf(this.#deps.format as LineFormat, all);
    const tooLong: Refused[] = [];
    const frames = events.flatMap((event, at) => {
      const messages = syslogMessagesOf(event, lines[at] ?? "", { facility, maxBytes });
      if (messages !== null) return messages.map((message) => framed(message, "octets"));
      tooLong.push({ index: all.indexOf(event), reason: "too_large", message: `longer than ${maxBytes} bytes` });
      return [];
    });
    return { bytes: Buffer.concat(frames), refused: [...refused, ...tooLong] };
  }

  async #reconnect(signal: AbortSignal): Promise<void> {
    const socket = await this.#connect(signal);
    this.#socket = socket;
    this.#lost = null;
    socket.on("error", (error) => {
      this.#lost = error.message;
    });
    socket.on("close", () => {
      if (this.#socket === socket) this.#socket = null;
    });
    // Receivers say nothing; what is not read would keep their end from being seen.
    socket.resume();
    if (this.#unsure.length > 0) await this.#write(this.#unsure, signal);
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { host, port, tls, ca_file, cert_file, key_file } = this.#config;
    if (!this.#deps.allowLinkLocal) assertAllowed(host);
    const where = { host, port, ...(this.#deps.allowLinkLocal ? {} : { lookup: allowedLookup }) };
    const file = async (name: "ca" | "cert" | "key", path: string | undefined) =>
      path === undefined ? {} : { [name]: await readFile(path) };
    const pem = tls
      ? { ...(await file("ca", ca_file)), ...(await file("cert", cert_file)), ...(await file("key", key_file)) }
      : {};
    return new Promise((resolve, reject) => {
      const socket = tls
        ? connectTls({ ...where, ...pem, ...(isIP(host) === 0 ? { servername: host } : {}) })
        : connectTcp(where);
      const stop = () => socket.destroy(signal.reason as Error);
      signal.addEventListener("abort", stop, { once: true });
      socket.setNoDelay(true).setKeepAlive(true, 30_000);
      socket.once("error", reject);
      socket.once(tls ? "secureConnect" : "connect", () => {
        signal.removeEventListener("abort", stop);
        socket.off("error", reject);
        resolve(socket);
      });
    });
  }

  #write(bytes: Buffer, signal: AbortSignal): Promise<void> {
    const socket = this.#socket;
    if (socket === null) return Promise.reject(new Error(this.#lost ?? "the connection was closed"));
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(this.#lost ?? "the connection was closed"));
      const stop = () => socket.destroy();
      signal.addEventListener("abort", stop, { once: true });
      socket.once("close", fail);
      socket.write(bytes, (error) => {
        signal.removeEventListener("abort", stop);
        socket.off("close", fail);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #drop(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }
}

function messageOf(error: unknown): string {
  const { message, code, errors } = error as NodeJS.ErrnoException & { errors?: readonly Error[] };
  return message || errors?.[0]?.message || code || "the connection failed";
}

export const SYSLOG: TransportKind<SyslogConfig> = {
  kind: "syslog",
  secrets: [],
  formats: ["ecs", "flowtrail", "csv", "vpc-v2", "vpc-v5"],
  make: (config, deps) => new SyslogTransport(config, deps),
};
