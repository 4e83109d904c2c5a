/** Takes everything at once and keeps nothing, in a process of its own: over HTTP what a bulk request is answered, over TCP syslog. */
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";

const http = createHttp((request, response) => {
  request.resume().on("end", () => {
    if (request.url?.includes("_bulk")) response.end('{"errors":false}');
    else response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
});
const tcp = createTcp((socket) => void socket.resume());
await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
process.send?.({ http: portOf(http), tcp: portOf(tcp) });
