/**
 * Beside a listener with TLS: one for programs of this machine, such as the command line. Its certificate need not be known to them, may have
 * ended, and is for other names than 127.0.0.1 in any case. It asks for the same credentials.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

export class LocalListener {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** @returns its URL */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Takes no more connections, and ends those on which nothing is under way. */
  stop(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  destroy(): void {
    this.#server.closeAllConnections();
  }
}
