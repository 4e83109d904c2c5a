/** How many connections there may be, in all and of one address. */
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { Refusals } from "./refusals.ts";

export interface ConnectionLimitConfig {
  readonly max: number;
  readonly maxOfAddress: number;
  /** Whose address stands for many others. */
  readonly isProxy: (address: string | undefined) => boolean;
}

/** Before TLS nothing can be said. */
const ANSWER = [
  "HTTP/1.1 503 Service Unavailable",
  "Retry-After: 10",
  "Connection: close",
  "Content-Type: application/json",
  "",
  '{"error":{"code":"TOO_MANY_CONNECTIONS","message":"there are too many connections (limits.connections): come again"}}',
].join("\r\n");

export class ConnectionLimit {
  readonly #config: ConnectionLimitConfig;
  readonly #refusals: Refusals;
  readonly #ofAddress = new Map<string, number>();
  #count = 0;

  constructor(config: ConnectionLimitConfig, deps: { refusals: Refusals }) {
    this.#config = config;
    this.#refusals = deps.refusals;
  }

  get count(): number {
    return this.#count;
  }

  watch(server: Server, isSecure: boolean): void {
    server.on("connection", (socket: Socket) => {
      const { remoteAddress: address = "" } = socket;
      const reason = this.#reason(address);
      this.#count++;
      this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
      socket.once("close", () => this.#left(address));
      if (reason === null) return;
      this.#refusals.count(reason);
      if (isSecure) socket.destroy();
      else socket.end(ANSWER, () => socket.destroySoon());
    });
  }

  #reason(address: string): "connections" | "connections_of_address" | null {
    const { max, maxOfAddress, isProxy } = this.#config;
    if (this.#count >= max) return "connections";
    return (this.#ofAddress.get(address) ?? 0) >= maxOfAddress && !isProxy(address) ? "connections_of_address" : null;
  }

  #left(address: string): void {
    this.#count--;
    const left = (this.#ofAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#ofAddress.set(address, left);
    else this.#ofAddress.delete(address);
  }
}
