/**
 * Speaks and listens in the namespace that it is started in, as stdin tells it: one JSON command a line, answered by `{"type":"done"}`.
 * TCP servers do what the client's first word says: `finish`, `reset`, `hold`.
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";

interface Command {
  do: "tcp-listen" | "udp-listen" | "tcp" | "udp" | "udp-many" | "close" | "reset";
  host: string;
  port: number;
  /** First word of a TCP client. */
  word: "finish" | "reset" | "hold";
  /** Port of a TCP client; any if it is left out. */
  localPort?: number;
  count: number;
  pauseMs: number;
}

const held: Socket[] = [];

function serveTcp(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.once("data", (word) => {
    if (`${word}` === "reset") socket.resetAndDestroy();
    else if (`${word}` === "finish") socket.end("bye");
    else socket.write("ok");
  });
}

async function tcp(command: Command): Promise<string> {
  const { port, host, localPort } = command;
  const socket = connect({ port, host, ...(localPort === undefined ? {} : { localPort }) });
  try {
    await once(socket, "connect");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "error";
  }
  socket.on("error", () => undefined); // a reset is what was asked for
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(command.word);
  if (command.word === "hold") {
    held.push(socket);
    await once(socket, "data");
    return "held";
  }
  socket.resume();
  await closed;
  return "closed";
}

/** Each datagram is sent after the answer to the one before, or after `pauseMs`. */
async function udp(command: Command): Promise<string> {
  const socket = createSocket(command.host.includes(":") ? "udp6" : "udp4");
  let answers = 0;
  let refused = 0;
  socket.on("message", () => answers++);
  socket.on("error", () => refused++);
  socket.connect(command.port, command.host);
  await once(socket, "connect");
  for (let i = 0; i < command.count; i++) {
    socket.send("datagram");
    await setTimeout(command.pauseMs);
  }
  socket.close();
  return `${answers} answers, ${refused} refused`;
}

/** One datagram to each of `count` ports from `port` on: as many connections. */
async function udpMany(command: Command): Promise<string> {
  const socket = createSocket("udp4");
  for (let i = 0; i < command.count; i++) {
    await new Promise((resolve) => socket.send("x", command.port + i, command.host, resolve));
  }
  socket.close();
  return "sent";
}

async function execute(command: Command): Promise<string> {
  switch (command.do) {
    case "tcp-listen": {
      const server = createServer(serveTcp).listen(command.port, command.host);
      await once(server, "listening");
      return "listening";
    }
    case "udp-listen": {
      const socket = createSocket(command.host.includes(":") ? "udp6" : "udp4");
      socket.on("message", (message, from) => socket.send(message, from.port, from.address));
      socket.bind(command.port, command.host);
      await once(socket, "listening");
      return "listening";
    }
    case "tcp":
      return tcp(command);
    case "udp":
      return udp(command);
    case "udp-many":
      return udpMany(command);
    case "close":
    case "reset": {
      const socket = held.shift()!;
      const closed = once(socket, "close");
      if (command.do === "reset") socket.resetAndDestroy();
      else socket.end();
      await closed;
      return "closed";
    }
  }
}

for await (const line of createInterface(process.stdin)) {
  const text = await execute(JSON.parse(line));
  process.stdout.write(`${JSON.stringify({ type: "done", text })}\n`);
}
process.exit(0);
