/**
 * Makes flows in the namespace that it is started in: `{"rate":200}` a line on stdin, answered by nobody; 0 pauses. `listen` as its argument: the
 * other side. Each flow has ports of its own (flow-number.ts). UDP flows are one datagram; every fiftieth flow, fifteen a second at most, is a TCP
 * connection that says a word and is answered.
 */
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { portsOfTcp, portsOfUdp, TCP_PORT } from "./flow-number.ts";

const TICK_MS = 20;
const TCP_SHARE = 0.02;
const MAX_TCP_RATE = 15;
const CONNECT_MS = 2000;
const [role, target = ""] = process.argv.slice(2);

let rate = 0;
let udp = 0;
let tcp = 0;
/** What is due, in parts of a flow. */
let dueUdp = 0;
let dueTcp = 0;
let socket: { readonly port: number; readonly udp: UdpSocket } | null = null;

async function sendDatagram(n: number): Promise<void> {
  const ports = portsOfUdp(n);
  if (socket?.port !== ports.source) {
    socket?.udp.close();
    const next = createSocket("udp4");
    // Nobody listens there, and a link that is down is one of the faults: what the kernel says of it is no concern of ours.
    next.on("error", () => undefined);
    next.bind(ports.source);
    await once(next, "listening");
    socket = { port: ports.source, udp: next };
  }
  socket.udp.send("x", ports.target, target, () => undefined);
}

function connectOnce(n: number): void {
  const { source, target: port } = portsOfTcp(n);
  const client = connect({ host: target, port, localPort: source });
  client.setTimeout(CONNECT_MS, () => client.destroy());
  client.on("error", () => client.destroy()).on("connect", () => client.write("word"));
  client.resume();
}

async function tick(): Promise<void> {
  const tcpRate = Math.min(rate * TCP_SHARE, MAX_TCP_RATE);
  dueTcp += (tcpRate * TICK_MS) / 1000;
  dueUdp += ((rate - tcpRate) * TICK_MS) / 1000;
  for (; dueTcp >= 1; dueTcp--) connectOnce(tcp++);
  for (; dueUdp >= 1; dueUdp--) await sendDatagram(udp++);
}

if (role === "listen") {
  createServer((peer) => {
    peer.on("error", () => peer.destroy()).once("data", () => peer.end("answer"));
  }).listen(TCP_PORT, "0.0.0.0");
} else {
  let last = Promise.resolve();
  setInterval(() => {
    last = last.then(tick);
  }, TICK_MS);
}
for await (const line of createInterface(process.stdin)) {
  rate = (JSON.parse(line) as { rate: number }).rate;
}
process.exit(0);
