/** The servers that a peer runs. None of them ends the process whatever a client does. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { type Endpoint, type Service, transferHeaderBytes, udpHeaderBytes } from "./protocol.ts";
import { writeBytes } from "./write-bytes.ts";

/** Starts one server; it is listening when this returns. */
export async function serve(service: Service): Promise<void> {
  switch (service.kind) {
    case "echo":
      return listen(createServer({ allowHalfOpen: true }, echo), service.at);
    case "transfer":
      return listen(createServer({ allowHalfOpen: true }, transfer), service.at);
    case "http":
      return listen(createHttpServer(answer), service.at);
    case "https":
      return listen(
        createHttpsServer({ cert: readFileSync(service.certFile), key: readFileSync(service.keyFile) }, answer),
        service.at,
      );
    case "udp":
      return serveUdp(service.at);
  }
}

async function listen(server: Server, at: Endpoint): Promise<void> {
  server.listen({ host: at.ip, port: at.port });
  await once(server, "listening");
}

/** A connection that its client tore off is the client's business. */
const ignoreReset = (socket: Socket): Socket => socket.on("error", () => socket.destroy());

function echo(socket: Socket): void {
  ignoreReset(socket).pipe(socket);
}

function transfer(socket: Socket): void {
  let header: Buffer = Buffer.alloc(0);
  let left = 0n;
  ignoreReset(socket).on("data", (chunk: Buffer) => {
    let body = chunk;
    if (header.length < transferHeaderBytes) {
      const had = header.length;
      header = Buffer.concat([header, chunk.subarray(0, transferHeaderBytes - had)]);
      if (header.length < transferHeaderBytes) return;
      body = chunk.subarray(transferHeaderBytes - had);
      left = header.readBigUInt64BE(0);
    }
    left -= BigInt(body.length);
    if (left <= 0n) void writeBytes(socket, Number(header.readBigUInt64BE(8))).then(() => socket.end());
  });
}

/** Answers with as many bytes as `?bytes=` asks for, after it has read the request to its end. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const bytes = Number(new URL(request.url ?? "/", "http://lab").searchParams.get("bytes") ?? 0);
  request.resume().on("end", () => {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes });
    void writeBytes(response, bytes).then(() => response.end());
  });
}

async function serveUdp(at: Endpoint): Promise<void> {
  const socket = createSocket(at.ip.includes(":") ? "udp6" : "udp4");
  socket.on("message", (message, from) => {
    const bytes = message.length >= udpHeaderBytes ? message.readUInt16BE(0) : message.length;
    socket.send(Buffer.alloc(bytes, "r"), from.port, from.address);
  });
  socket.bind(at.port, at.ip);
  await once(socket, "listening");
  // An ICMP error for an answer that nobody waited for.
  socket.on("error", () => undefined);
}
