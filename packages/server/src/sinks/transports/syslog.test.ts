import { readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeCertificate } from "../../tls/testing.ts";
import { formatOf } from "../formats/registry.ts";
import { DENIED, event } from "../formats/testing.ts";
import type { Format, Transport } from "../ports.ts";
import { SYSLOG } from "./syslog.ts";
import { syslogConfig } from "./syslog-config.ts";
import { made, NEVER } from "./testing.ts";

/** A receiver: messages by their length, of each connection. */
class Receiver {
  readonly server: Server;
  readonly sockets: Socket[] = [];
  #bytes: Buffer[] = [];

  constructor(listen: (onSocket: (socket: Socket) => void) => Server = createServer) {
    this.server = listen((socket) => {
      const index = this.sockets.push(socket) - 1;
      this.#bytes[index] = Buffer.alloc(0);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        this.#bytes[index] = Buffer.concat([this.#bytes[index] ?? Buffer.alloc(0), chunk]);
      });
    });
  }

  get messages(): string[] {
    return this.#bytes.flatMap((bytes) => {
      const found: string[] = [];
      for (let at = 0; at < bytes.length; ) {
        const space = bytes.indexOf(" ", at);
        const length = Number(bytes.toString("latin1", at, space));
        if (space < 0 || space + 1 + length > bytes.length) break;
        found.push(bytes.toString("utf8", space + 1, space + 1 + length));
        at = space + 1 + length;
      }
      return found;
    });
  }

  get ids(): string[] {
    return this.messages.map((message) => / id="([^"]*)"/.exec(message)?.[1] ?? "");
  }
}

let receiver: Receiver;
let transport: Transport;
beforeEach(async () => {
  receiver = new Receiver();
  await new Promise<void>((resolve) => receiver.server.listen(0, "127.0.0.1", resolve));
  transport = make();
});
afterEach(async () => {
  for (const socket of receiver.sockets) socket.destroy();
  receiver.server.close();
  await transport.close();
});

const port = () => (receiver.server.address() as AddressInfo).port;
function make(change: object = {}, format = "ecs"): Transport {
  const config = syslogConfig.parse({ kind: "syslog", host: "127.0.0.1", port: port(), tls: false, ...change });
  return made(SYSLOG, config, { format: formatOf(format) as Format });
}
const of = (flow_id: string) => event({ flow_id });
const arrived = (count: number) => vi.waitFor(() => expect(receiver.messages).toHaveLength(count), 10_000);

it("sends messages of RFC 5424 behind their length", async () => {
  expect(await transport.send([of("1"), event(DENIED)], NEVER)).toEqual({ kind: "taken" });
  await arrived(2);
  const [first = "", denied = ""] = receiver.messages;
  expect(first).toMatch(
    /^<134>1 2026-11-22T09:50:52.250Z inetgw flowtrail - ended \[flowtrail@32473 id="n-1\.1\.ended" version="768" network="netmaker"\] \{/,
  );
  expect(JSON.parse(first.slice(first.indexOf("] {") + 2))).toMatchObject({
    event: { id: "n-1.1.ended" },
    source: { bytes: 2417 },
  });
  expect(denied).toMatch(/^<132>1 .* denied \[/);
});

it("sends each line of an event as a message of its own", async () => {
  transport = make({}, "vpc-v2");
  await transport.send([of("1")], NEVER);
  await arrived(2);
  expect(receiver.messages.map((message) => message.split("] ")[1])).toEqual([
    expect.stringMatching(/^2 - .* 38532 443 6 12 2417/),
    expect.stringMatching(/^2 - .* 443 38532 6 10 4127/),
  ]);
});

it("parks what is too long, and takes the others", async () => {
  transport = make({ max_message_bytes: 4000 });
  expect(await transport.send([of("1"), event({ flow_id: "2", domain: "x".repeat(5000) }), of("3")], NEVER)).toMatchObject({
    kind: "partly",
    refused: [{ index: 1, reason: "too_large" }],
    again: [],
  });
  await arrived(2);
});

it("sends the last batch again if the connection broke since", async () => {
  await transport.send([of("1")], NEVER);
  await arrived(1);
  await transport.send([of("2")], NEVER);
  await arrived(2);
  receiver.sockets[0]?.resetAndDestroy();
  // Until it is noticed, what is written goes nowhere.
  await vi.waitFor(async () => {
    expect(await transport.send([of("3")], NEVER)).toEqual({ kind: "taken" });
    expect(receiver.sockets.length).toBe(2);
  }, 10_000);
  await vi.waitFor(() => expect(new Set(receiver.ids)).toEqual(new Set(["n-1.1.ended", "n-1.2.ended", "n-1.3.ended"])), 10_000);
});

it("speaks TLS with whom its authority vouches for, and tells nobody else anything", async () => {
  const files = makeCertificate("logs.example.com");
  const pem = { cert: readFileSync(files.cert), key: readFileSync(files.key) };
  const secure = new Receiver((onSocket) => createTlsServer(pem, onSocket));
  await new Promise<void>((resolve) => secure.server.listen(0, "127.0.0.1", resolve));
  try {
    const over = { tls: true, port: (secure.server.address() as AddressInfo).port };
    expect(await make(over).send([of("0")], NEVER)).toMatchObject({ kind: "not_now", reason: "tls" });
    const trusted = make({ ...over, ca_file: files.cert });
    expect(await trusted.send([of("1")], NEVER)).toEqual({ kind: "taken" });
    await vi.waitFor(() => expect(secure.ids).toEqual(["n-1.1.ended"]), 10_000);
    await trusted.close();
  } finally {
    for (const socket of secure.sockets) socket.destroy();
    secure.server.close();
    rmSync(files.dir, { recursive: true });
  }
});

it("says why nothing was taken: nobody there, no TLS, nobody reads", async () => {
  expect(await make({ port: 1 }).send([of("1")], NEVER)).toMatchObject({ kind: "not_now", reason: "unreachable" });
  expect(await make({ host: "169.254.169.254" }).send([of("1")], NEVER)).toMatchObject({ kind: "not_now" });
  const isTls = make({ tls: true, timeout_s: 1 });
  expect(await isTls.send([of("1")], NEVER)).toMatchObject({ kind: "not_now", reason: "timeout" });
  receiver.server.once("connection", (socket) => socket.pause());
  const slow = make({ timeout_s: 1 }, "flowtrail");
  const many = Array.from({ length: 10_000 }, (_, i) => of(String(i)));
  expect(await slow.send(many, NEVER)).toMatchObject({ kind: "not_now", reason: "timeout" });
});

it("is ended by its signal, and takes its leave", async () => {
  const stop = new AbortController();
  const sending = make({ tls: true }).send([of("1")], stop.signal);
  setTimeout(() => stop.abort(new Error("stopped")), 50);
  await expect(sending).rejects.toThrow("stopped");
  await transport.send([of("1")], NEVER);
  await transport.close();
  await vi.waitFor(() => expect(receiver.ids).toContain("n-1.1.ended"), 10_000);
});
