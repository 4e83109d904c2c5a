import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STATUS_ASSURED, STATUS_SEEN_REPLY, TCP_CLOSE, TCP_ESTABLISHED, TCP_TIME_WAIT } from "./conntrack/states.ts";
import { readTimeouts, stateTimeoutS } from "./timeouts.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "ft-cap-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const set = (name: string, text: string): void => writeFileSync(join(directory, `nf_conntrack_${name}`), text);

describe("readTimeouts", () => {
  it("gives null for what this kernel does not have", () => {
    const timeouts = readTimeouts(directory);
    expect(timeouts).toMatchObject({ udp: null, generic: null, tcpMaxRetrans: null });
    expect(timeouts.tcp).toEqual([null, null, null, null, null, null, null, null, null, 120]);
  });

  it("reads seconds, by state where there are states", () => {
    set("udp_timeout", "30\n");
    set("tcp_timeout_time_wait", "120\n");
    set("tcp_timeout_close", "10\n");
    set("sctp_timeout_established", "210\n");
    set("generic_timeout", "not a number\n");
    const timeouts = readTimeouts(directory);
    expect(timeouts.udp).toBe(30);
    expect(timeouts.tcp[TCP_TIME_WAIT]).toBe(120);
    expect(timeouts.tcp[TCP_CLOSE]).toBe(10);
    expect(timeouts.tcp[TCP_ESTABLISHED]).toBeNull();
    expect(timeouts.sctp[4]).toBe(210);
    expect(timeouts.generic).toBeNull();
  });
});

describe("stateTimeoutS", () => {
  const timeouts = {
    udp: 30,
    udpStream: 120,
    icmp: 31,
    icmpv6: 32,
    gre: 33,
    greStream: 180,
    generic: 600,
    tcp: [null, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    tcpMaxRetrans: 300,
    tcpUnacknowledged: 300,
    sctp: [null, 10, 11],
  };
  const of = (protocol: number, status = 0, tcpState = -1, sctpState = -1): number | null =>
    stateTimeoutS(timeouts, { protocol, status, tcpState, sctpState });

  it("knows which setting holds", () => {
    expect(of(17, STATUS_SEEN_REPLY)).toBe(30);
    expect(of(17, STATUS_SEEN_REPLY | STATUS_ASSURED)).toBe(120);
    expect(of(136, STATUS_ASSURED)).toBe(120);
    expect(of(47)).toBe(33);
    expect(of(47, STATUS_ASSURED)).toBe(180);
    expect(of(1)).toBe(31);
    expect(of(58)).toBe(32);
    expect(of(6, 0, TCP_TIME_WAIT)).toBe(7);
    expect(of(6)).toBeNull();
    expect(of(132, 0, -1, 2)).toBe(11);
    expect(of(132)).toBeNull();
    expect(of(253)).toBe(600);
  });
});
