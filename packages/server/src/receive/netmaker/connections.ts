/**
 * The listener's connections. Each is asked now and then whether it is still there, and none is kept longer than it is of use: a session that has
 * ended may hold its socket for ever, since Node waits until the other end has closed its half.
 */
import type { Http2Server, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

export interface ConnectionsConfig {
  readonly isAllowed: (address: string | undefined) => boolean;
  /** A connection is asked so often whether it is still there, and ends when it does not answer in as long. */
  readonly keepaliveMs?: number | undefined;
}

const KEEPALIVE_MS = 20_000;
/** A connection without a stream is of no use. */
const IDLE_MS = 300_000;
/** Who is not let in has so long to ask, and to read why. */
const REFUSED_MS = 2000;
/** More of them at once are not answered. */
const MAX_REFUSED = 100;

export class Connections {
  readonly #config: ConnectionsConfig;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** As they were accepted, before TLS. */
  readonly #sockets = new Set<Socket>();
  #refused = 0;
  #halfOpen = 0;

  constructor(config: ConnectionsConfig) {
    this.#config = config;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Connections that did not answer any more. */
  get halfOpen(): number {
    return this.#halfOpen;
  }

  watch(server: Http2Server, isSecure: boolean): void {
    server.on("connection", (socket: Socket) => this.#accepted(socket));
    // A session does not hand out its socket. It is made by Node's own listener of the same event, at once.
    let newest: Socket | null = null;
    server.prependListener(isSecure ? "secureConnection" : "connection", (socket: Socket) => {
      newest = socket;
    });
    server.on("session", (session) => {
      if (newest !== null) this.#keepAlive(session, newest);
      newest = null;
    });
  }

  /** Lets streams end. */
  close(): void {
    for (const session of this.#sessions) session.close();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #accepted(socket: Socket): void {
    const isRefused = !this.#config.isAllowed(socket.remoteAddress);
    // Not at once: Node is still making a session of it.
    const timer = isRefused ? setTimeout(() => socket.destroy(), this.#refused < MAX_REFUSED ? REFUSED_MS : 0) : undefined;
    timer?.unref();
    this.#sockets.add(socket);
    this.#refused += isRefused ? 1 : 0;
    socket.once("close", () => {
      clearTimeout(timer);
      this.#sockets.delete(socket);
      this.#refused -= isRefused ? 1 : 0;
    });
  }

  #keepAlive(session: ServerHttp2Session, socket: Socket): void {
    let isWaiting = false;
    let streams = 0;
    let usedMs = performance.now();
    session.on("stream", (stream) => {
      streams++;
      stream.once("close", () => {
        streams--;
        usedMs = performance.now();
      });
    });
    const timer = setInterval(() => {
      // It has ended, or ends with its last stream, and can't be asked any more.
      if (session.destroyed || (session.closed && streams === 0)) socket.destroy();
      else if (isWaiting) {
        this.#halfOpen++;
        session.destroy();
        socket.destroy();
      } else if (streams === 0 && performance.now() - usedMs > IDLE_MS) session.close();
      else {
        isWaiting = session.ping((error) => {
          if (error === null) isWaiting = false;
        });
      }
    }, this.#config.keepaliveMs ?? KEEPALIVE_MS);
    timer.unref();
    this.#sessions.add(session);
    session.on("error", () => session.destroy());
    socket.once("close", () => {
      clearInterval(timer);
      this.#sessions.delete(session);
    });
  }
}
