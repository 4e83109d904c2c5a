/** A way to an engine without its key, as an operator's ClickHouse is reached, for tests. */
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import type { Endpoint } from "./endpoint.ts";

export async function openDoor(endpoint: Endpoint): Promise<{ readonly url: string; slam(): void; close(): void }> {
  let slams = false;
  const server = createServer((asked, answer) => {
    if (slams) {
      slams = false;
      asked.socket.destroy();
      return;
    }
    const { hostname, port } = new URL(endpoint.url);
    const headers = { ...asked.headers, ...endpoint.headers };
    const ask = request({ hostname, port, path: asked.url, method: asked.method, headers, agent: false }, (given) => {
      answer.writeHead(given.statusCode ?? 500, given.headers);
      given.pipe(answer);
    });
    ask.on("error", () => answer.destroy());
    asked.pipe(ask);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  /** The next request finds its connection closed, as after a long silence. */
  const slam = () => {
    slams = true;
  };
  return { slam, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
