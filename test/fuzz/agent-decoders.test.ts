/**
 * What the agent reads from the kernel, from its own disk and from the server, spoilt: each is read, found to be something else or refused. Nothing
 * throws, nothing is read from outside of the input, nothing takes longer than its length allows.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as othersTurn } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { parseConntrack } from "../../packages/agent/src/capture/conntrack/parse.ts";
import { ConntrackRecord } from "../../packages/agent/src/capture/conntrack/record.ts";
import { forEachMessage } from "../../packages/agent/src/capture/netlink/messages.ts";
import { forEachLogged, LoggedPacket } from "../../packages/agent/src/capture/nflog/message.ts";
import { Traces } from "../../packages/agent/src/capture/nftrace/traces.ts";
import { DroppedPacket, decodeDropped } from "../../packages/agent/src/denied/packet.ts";
import { ipPacket, logMessage, ports, traceMessage } from "../../packages/agent/src/denied/testing/packets.ts";
import { ServerConfigPoller } from "../../packages/agent/src/ship/server-config.ts";
import { encodeHeader, HEADER_BYTES } from "../../packages/agent/src/spool/record.ts";
import { findRecord } from "../../packages/agent/src/spool/scan.ts";
import { decodeDevice } from "../../packages/agent/src/wireguard/device-message.ts";
import { inputs, SEED, TIMEOUT_MS } from "./budget.ts";
import { Mutator, Random } from "./mutate.ts";

const TESTS = 7;
const FIXTURE = new URL("../../packages/agent/src/capture/conntrack/fixtures/corpus.json", import.meta.url);
/** Real messages of a kernel. */
const conntrack: readonly Uint8Array[] = (
  JSON.parse(readFileSync(FIXTURE, "utf8")) as { messages: { hex: string }[] }
).messages.map(({ hex }) => Uint8Array.from(Buffer.from(hex, "hex")));

const dir = mkdtempSync(join(tmpdir(), "ft-fuzz-"));
afterAll(() => rmSync(dir, { recursive: true }));

const from = (mutator: Mutator): Uint8Array => mutator.bytes.slice(Mutator.OFFSET, mutator.end);

/** An attribute of netlink, padded. */
function attribute(type: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const value = Buffer.concat(parts.map((part) => Uint8Array.from(part)));
  const head = Buffer.alloc(4);
  head.writeUInt16LE(4 + value.length, 0);
  head.writeUInt16LE(type, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

/** As the kernel answers for a device with two peers. */
function device(): Uint8Array {
  const key = (byte: number) => new Uint8Array(32).fill(byte);
  const v4 = attribute(0, attribute(1, [2, 0]), attribute(2, [10, 0, 0, 1]), attribute(3, [32]));
  const v6 = attribute(0, attribute(1, [10, 0]), attribute(2, new Uint8Array(16).fill(0xfd)), attribute(3, [64]));
  const peer = (byte: number) => attribute(0, attribute(1, key(byte)), attribute(9, v4, v6));
  const body = Buffer.concat([attribute(2, Buffer.from("wg0\0")), attribute(4, key(1)), attribute(8, peer(2), peer(3))]);
  const head = Buffer.alloc(20);
  head.writeUInt32LE(20 + body.length, 0);
  return Buffer.concat([head, body]);
}

describe("spoilt inputs of the agent", { timeout: TIMEOUT_MS }, () => {
  it("conntrack's messages: none throws, none reads what lies around it", () => {
    const mutator = new Mutator(conntrack, new Random(SEED));
    const [one, other] = [new ConntrackRecord(), new ConntrackRecord()];
    let [read, refused] = [0, 0];
    for (const i of inputs(100_000, TESTS)) {
      mutator.next();
      const parse = (filler: number, record: ConntrackRecord): boolean => {
        mutator.surround(filler);
        const { buffer, length } = mutator.bytes;
        const words = length >> 2;
        const bytes = { u8: mutator.bytes, u16: new Uint16Array(buffer, 0, words * 2), u32: new Uint32Array(buffer, 0, words) };
        return parseConntrack(bytes, Mutator.OFFSET, mutator.end, i % 2 === 0, record);
      };
      const ok = parse(0, one);
      if (ok) read++;
      else refused++;
      if (i % 8 !== 0) continue;
      expect(parse(0xff, other)).toBe(ok);
      if (ok) expect(other).toEqual(one);
    }
    for (const ways of [read, refused]) expect(ways).toBeGreaterThan((read + refused) / 50);
  });

  it("other netlink messages: the walk ends, whatever their lengths say", () => {
    const mutator = new Mutator(conntrack, new Random(SEED + 1));
    for (const _ of inputs(60_000, TESTS)) {
      mutator.next();
      const bytes = Buffer.from(from(mutator));
      let seen = 0;
      forEachMessage(bytes, bytes.length, (message) => {
        // A message has 16 bytes at least.
        if (++seen > bytes.length / 16) throw new Error(`more messages than fit: ${bytes.toString("hex")}`);
        message.errno();
        message.text(1);
        message.be32(3);
        return true;
      });
    }
  });

  const v4 = { src: "10.0.0.1", dst: "10.0.0.2" };
  const v6 = { src: "fd00::1", dst: "fd00::2" };
  const options = { type: 0, bytes: [0, 1, 4, 0, 0, 0, 0] };
  const dropped = [
    ipPacket({ ...v4, protocol: 6, payload: ports(40000, 443), more: 36 }),
    ipPacket({
      ...v6,
      protocol: 17,
      payload: ports(5, 53),
      extensions: [options, { ...options, type: 60 }, { ...options, type: 44 }],
    }),
    ipPacket({ ...v4, protocol: 1, payload: [8, 0, 1, 2, 0, 9] }),
    ipPacket({ ...v6, protocol: 58, payload: [128, 0, 1, 2, 0, 7] }),
    ipPacket({ ...v4, protocol: 132, payload: ports(1, 2), fragment: 0x2000 }),
  ];

  it("packets that firewalls dropped: each is read the same whatever lies around it, or is none", () => {
    const mutator = new Mutator(dropped, new Random(SEED + 6));
    const [one, other] = [new DroppedPacket(), new DroppedPacket()];
    let [read, refused] = [0, 0];
    for (const _ of inputs(30_000, TESTS)) {
      mutator.next();
      mutator.surround(0);
      const ok = decodeDropped(mutator.bytes, Mutator.OFFSET, mutator.end, one);
      mutator.surround(0xff);
      expect(decodeDropped(mutator.bytes, Mutator.OFFSET, mutator.end, other)).toBe(ok);
      if (!ok) {
        refused++;
        continue;
      }
      read++;
      expect(other).toEqual(one);
      expect(one.totalBytes).toBeLessThan(0x10000 + 40);
    }
    for (const ways of [read, refused]) expect(ways).toBeGreaterThan((read + refused) / 50);
  });

  it("logs and traces of them: the walk ends, and what is found lies within", () => {
    const logs = dropped.map((packet, i) => logMessage(packet, "rule: ", i));
    const traces = dropped.flatMap((packet, i) => [traceMessage(i, packet, 7), traceMessage(i, packet, null)]);
    const mutator = new Mutator([...logs, Buffer.concat(logs), ...traces, Buffer.concat(traces)], new Random(SEED + 7));
    const packet = new LoggedPacket();
    const tracing = new Traces();
    let [logged, traced] = [0, 0];
    for (const _ of inputs(40_000, TESTS)) {
      mutator.next();
      forEachLogged(
        mutator.bytes,
        Mutator.OFFSET,
        mutator.end,
        packet,
        ({ payloadStart, payloadEnd, prefixStart, prefixEnd }) => {
          logged++;
          for (const [start, end] of [[payloadStart, payloadEnd] as const, [prefixStart, prefixEnd] as const]) {
            expect(start).toBeLessThanOrEqual(end);
            expect(end).toBeLessThanOrEqual(mutator.end);
          }
        },
      );
      const bytes = Buffer.from(from(mutator));
      tracing.read(bytes, bytes.length, ({ headers }) => {
        traced++;
        expect(headers.length).toBeLessThanOrEqual(bytes.length);
      });
    }
    for (const found of [logged, traced]) expect(found).toBeGreaterThan(0);
  });

  it("WireGuard's devices: keys, networks and names of the right form, or nothing", () => {
    const mutator = new Mutator([device()], new Random(SEED + 2));
    let read = 0;
    for (const _ of inputs(20_000, TESTS)) {
      mutator.next();
      const found = decodeDevice([from(mutator)]);
      if (found === null) continue;
      read++;
      for (const { publicKey, allowedIps } of found.peers) {
        expect(publicKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
        for (const ip of allowedIps) expect(ip).toMatch(/^[\da-f.:]+\/\d{1,3}$/);
      }
    }
    expect(read).toBeGreaterThan(0);
  });

  it("segments of the spool: the scan ends, and gives back no record but one that was written", () => {
    const random = new Random(SEED + 3);
    const payloads = [5, 0, 300, 70_000, 17].map((length, i) => new Uint8Array(length).fill(0x30 + i));
    const records = payloads.map((payload, i) =>
      Buffer.concat([encodeHeader(i + 1, payload, { rows: 1, coveredFromMs: 1, coveredToMs: 2 }), payload]),
    );
    const mutator = new Mutator([Buffer.concat(records), Buffer.concat(records.slice(0, 2))], random);
    const path = join(dir, "segment");
    let [found, damaged] = [0, 0];
    for (const _ of inputs(400, TESTS)) {
      mutator.next();
      // Not only near the beginning.
      for (let more = random.below(4); more > 0; more--)
        mutator.bytes[Mutator.OFFSET + random.below(mutator.length + 1)]! ^= 1 << random.below(8);
      const bytes = from(mutator);
      writeFileSync(path, bytes);
      const fd = openSync(path, "r");
      let steps = 0;
      for (let at = 0; ; ) {
        const what = findRecord(fd, at, bytes.length);
        if (what.kind === "end") break;
        expect(what.nextOffset).toBeGreaterThan(at);
        // Each step passes a header, or goes to the next one.
        expect(++steps).toBeLessThanOrEqual(2 * (bytes.length / HEADER_BYTES + 1));
        if (what.kind === "record") {
          found++;
          expect(what.header.payloadBytes).toBe(payloads[what.header.sequence - 1]?.length);
        } else damaged++;
        at = what.nextOffset;
      }
      closeSync(fd);
    }
    for (const ways of [found, damaged]) expect(ways).toBeGreaterThan(50);
  });

  it("the server's word: what is not understood changes nothing, and what is fits the agent", async () => {
    const word = (name: string) => ({
      version: "v1",
      enabled: true,
      networks: [
        {
          id: name,
          ranges: ["10.0.0.0/8", "fd00::/8"],
          egress: [{ id: "lan", ranges: ["192.168.0.0/16"], behind_reporter: true }],
          members: ["10.1.1.1"],
        },
      ],
      capture: { icmp: true, dns: false, names: "full", process: false },
      update_interval_s: 10,
      flush_interval_ms: 500,
      exclude: [],
    });
    const mutator = new Mutator(
      ["a", "netmaker"].map((name) => Buffer.from(JSON.stringify(word(name)))),
      new Random(SEED + 4),
    );
    let [understood, asked] = [0, 0];
    const numbers = inputs(2000, TESTS);
    const done = Promise.withResolvers<void>();
    const request = async () => {
      mutator.next();
      asked++;
      if (numbers.next().done) done.resolve();
      return { status: 200, headers: {}, body: Buffer.from(from(mutator)).toString("utf8") };
    };
    const poller = new ServerConfigPoller(
      { path: join(dir, "server-config.json"), everyMs: 0 },
      {
        node: "n",
        http: { request },
        token: () => null,
        clock: { now: () => 0, sleep: () => othersTurn() },
        random: () => 0,
        log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } as never,
        onChange: ({ update_interval_s, flush_interval_ms, networks }) => {
          understood++;
          expect([update_interval_s >= 1, update_interval_s <= 300]).toEqual([true, true]);
          expect([flush_interval_ms >= 50, flush_interval_ms <= 60_000]).toEqual([true, true]);
          for (const { id, ranges } of networks) expect([id.length > 0, Array.isArray(ranges)]).toEqual([true, true]);
        },
      },
    );
    await poller.start(1000);
    await done.promise;
    await poller.stop();
    expect(asked).toBeGreaterThan(1000);
    expect(understood).toBeGreaterThan(10);
  });
});
