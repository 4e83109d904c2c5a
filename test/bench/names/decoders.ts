/**
 * What a packet costs the name stage before it is bound to a flow: CPU time of this thread for each decoder, on recorded messages of real clients.
 * `node test/bench/names/decoders.ts [--json] [--quick]`: prints the median of the rounds; operations per second of one core are the inverse.
 */
import { decodeDns } from "../../../packages/agent/src/name/decode/dns.ts";
import { decodeHttp } from "../../../packages/agent/src/name/decode/http.ts";
import { decodePacket, Packet } from "../../../packages/agent/src/name/decode/packet.ts";
import { QuicInitials } from "../../../packages/agent/src/name/decode/quic.ts";
import { message, messages } from "../../../packages/agent/src/name/decode/testing/messages.ts";
import { tcpPacket, udpPacket } from "../../../packages/agent/src/name/decode/testing/packets.ts";
import { decodeTls } from "../../../packages/agent/src/name/decode/tls.ts";
import { Work } from "../../../packages/agent/src/name/decode/work.ts";
import { type BenchRow, median, printPart } from "./rows.ts";

const ROUNDS = process.argv.includes("--quick") ? 3 : 15;
/** The clock of CPU time is coarse, so a round goes on for so long at least. */
const ROUND_US = 30_000;

/** One decoder on one message. Returns false if it did not do what is measured. */
interface Task {
  readonly name: string;
  readonly bytes: number;
  run(): boolean;
}

/** Nanoseconds of CPU of one call: the median of the rounds. */
function measure(task: Task): number {
  let calls = 1;
  // As many calls as fill a round; by then the code is warm.
  while (cpuUs(task, calls) < ROUND_US) calls *= 2;
  return median(Array.from({ length: ROUNDS }, () => (cpuUs(task, calls) * 1000) / calls));
}

function cpuUs(task: Task, calls: number): number {
  const from = process.threadCpuUsage();
  for (let i = 0; i < calls; i++) if (!task.run()) throw new Error(`${task.name}: nothing was read`);
  const { user, system } = process.threadCpuUsage(from);
  return user + system;
}

const work = new Work();

function packetTask(name: string, bytes: Uint8Array): Task {
  const packet = new Packet();
  return { name, bytes: bytes.length, run: () => decodePacket(bytes, 0, bytes.length, packet, work) === "ok" };
}

function task(
  name: string,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array, offset: number, end: number, work: Work) => object | null,
): Task {
  return { name, bytes: bytes.length, run: () => decode(bytes, 0, bytes.length, work) !== null };
}

const quicConfig = { maxConnections: 1024, maxBytes: 1 << 20, maxAgeMs: 30_000 };
const quicDeps = { mayDecrypt: () => true, now: () => 0 };

/** Each call is another connection: keys are derived, one packet is opened, its hello is read. */
function newConnection(): Task {
  const quic = new QuicInitials(quicConfig, quicDeps);
  const bytes = message("quic", "gnutls");
  let flow = 0;
  return {
    name: "QUIC Initial, new connection id",
    bytes: bytes.length,
    run: () => quic.decode(String(flow++), bytes, 0, bytes.length, work) !== null,
  };
}

/** Each call is one more packet of a connection whose hello is not yet all there. */
function knownConnection(): Task {
  const quic = new QuicInitials(quicConfig, quicDeps);
  const bytes = messages("quic", "chromium")[0]!;
  return {
    name: "QUIC Initial, known connection id",
    bytes: bytes.length,
    run: () => {
      const before = quic.stats.decrypted;
      quic.decode("flow", bytes, 0, bytes.length, work);
      return quic.stats.decrypted > before;
    },
  };
}

/** Each call is a packet of a connection whose hello was read: it is not opened. */
function doneConnection(): Task {
  const quic = new QuicInitials(quicConfig, quicDeps);
  const bytes = message("quic", "gnutls");
  quic.decode("flow", bytes, 0, bytes.length, work);
  return {
    name: "QUIC Initial, hello read before",
    bytes: bytes.length,
    run: () => quic.decode("flow", bytes, 0, bytes.length, work) === null && quic.stats.decrypted === 1,
  };
}

const ends = { src: "100.64.0.1", dst: "198.51.100.2", srcPort: 40_000, dstPort: 443, payload: new Uint8Array(500) };
const ends6 = { ...ends, src: "fd0a::1", dst: "2001:db8::2" };
const tasks: Task[] = [
  packetTask("packet header, IPv4 UDP", udpPacket(ends)),
  packetTask("packet header, IPv6 TCP", tcpPacket({ ...ends6, seq: 1, flags: 0x18 })),
  task("DNS answer, one address", message("dns", "a"), decodeDns),
  task("DNS answer, two CNAMEs and an address", message("dns", "cnames"), decodeDns),
  task("DNS answer, 12 addresses", message("dns", "many"), decodeDns),
  task("DNS answer, HTTPS with hints", message("dns", "https"), decodeDns),
  task("ClientHello, OpenSSL", message("tls", "openssl"), decodeTls),
  task("ClientHello, Chromium (post-quantum, ECH)", message("tls", "chromium"), decodeTls),
  newConnection(),
  knownConnection(),
  doneConnection(),
  task("HTTP request, curl", message("http", "curl"), decodeHttp),
];

const rows = tasks.map((each): BenchRow => ({ what: `${each.name}, ${each.bytes} B`, value: measure(each), unit: "ns" }));
printPart(rows);
