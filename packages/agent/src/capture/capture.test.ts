import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { asNobody } from "../../../../test/nobody.ts";
import type { Line, PlainRecord } from "./testing/line-process.ts";
import { CLIENT, SERVER, Testbed } from "./testing/testbed.ts";

const done = (line: Line): boolean => line.type === "done";
const isUdpTo = (port: number) => (record: PlainRecord) => record.protocol === 17 && record.dstPort === port;

let bed: Testbed;

/** Without root the suite is skipped, and so must be its hooks. */
function withTestbed(): void {
  beforeEach(() => {
    bed = new Testbed();
    bed.up();
  });
  afterEach(() => bed.down());
}

describe.skipIf(!needs("capture's events and dumps", "root"))("events and dumps", { timeout: 60_000 }, () => {
  withTestbed();

  it("sees a connection that is older than the capture", async () => {
    bed.nft("gateway", "table inet other {\n chain c {\n ct state new\n }\n}\n");
    const server = bed.traffic("server");
    const client = bed.traffic("client");
    await server.ask({ do: "tcp-listen", host: SERVER.v4, port: 80 }, done);
    await client.ask({ do: "tcp", host: SERVER.v4, port: 80, word: "hold" }, done);
    const capture = await bed.capture("gateway");
    const entries = capture.records("dump-entry").filter((r) => r.protocol === 6);
    expect(entries).toHaveLength(1);
    // Accounting was off when it began: its counters are unknown, not zero.
    expect(entries[0]).toMatchObject({ dstPort: 80, event: 0, srcBytes: -1, dstBytes: -1, startUs: 0 });
    expect(capture.lines.map((line) => line.type).filter((type) => type.startsWith("dump-"))).toEqual([
      "dump-start",
      "dump-entry",
      "dump-end",
    ]);
    expect(capture.lines.find((line) => line.type === "dump-end")?.complete).toBe(true);
  });

  it("sees connections come and go, with counters and stamps", async () => {
    bed.setSysctl("gateway", "udp_timeout", 1);
    const capture = await bed.capture("gateway");
    const server = bed.traffic("server");
    const client = bed.traffic("client");
    await server.ask({ do: "udp-listen", host: SERVER.v4, port: 5000 }, done);
    await client.ask({ do: "udp", host: SERVER.v4, port: 5000, count: 3, pauseMs: 50 }, done);
    await capture.find((line) => line.type === "event" && line.record.event === 1 && isUdpTo(5000)(line.record));
    await destroyed(capture, isUdpTo(5000));
    const [begin, end, ...more] = capture.records("event").filter(isUdpTo(5000));
    expect(more).toEqual([]);
    expect(begin).toMatchObject({ event: 1, srcBytes: -1 });
    expect(end).toMatchObject({
      event: 3,
      srcBytes: 108,
      srcPackets: 3,
      dstBytes: 108,
      dstPackets: 3,
      id: begin!.id,
      timeoutS: -1,
    });
    expect(end!.stopUs - end!.startUs).toBeGreaterThan(1e6);
  });

  it("asks for one entry, and knows another connection with the same tuple", async () => {
    const capture = await bed.capture("gateway");
    const server = bed.traffic("server");
    const client = bed.traffic("client");
    bed.nft(
      "gateway",
      "table inet z {\n chain c {\n type filter hook prerouting priority -300;\n udp dport 5007 ct zone set 7\n }\n}\n",
    );
    for (const host of [SERVER.v4, SERVER.v6]) {
      await server.ask({ do: "udp-listen", host, port: 5000 }, done);
      await client.ask({ do: "udp", host, port: 5000, count: 2, pauseMs: 50 }, done);
    }
    await client.ask({ do: "udp", host: SERVER.v4, port: 5007, count: 1, pauseMs: 50 }, done);
    bed.run("client", "ping", "-qc1", SERVER.v4);
    bed.run("client", "ping", "-qc1", SERVER.v6);
    const isNew = (r: PlainRecord): boolean => r.event === 1;
    // Also the neighbour discovery and router solicitations of IPv6, which conntrack does not follow, would be seen here.
    await capture.until(() => capture.records("event").filter(isNew).length >= 5);
    const events = capture.records("event");
    for (const [i, record] of events.entries()) {
      const { found, record: now } = await capture.ask(`refresh ${i}`, (line) => line.type === "refreshed");
      expect(found).toBe(true);
      expect(now).toMatchObject({
        id: record.id,
        dstPort: record.dstPort,
        icmpId: record.icmpId,
        zone: record.zone,
        words: record.words,
        event: 0,
      });
      expect(now.srcBytes).toBeGreaterThan(0);
    }
    expect(events.map((r) => r.zone)).toContain(7);
    expect(events.map((r) => r.protocol).sort()).toEqual([1, 17, 17, 17, 58]);

    const { found, record } = await capture.ask("refresh-other 0", (line) => line.type === "refreshed");
    expect(found, "another id").toBe(false);
    expect(record.srcBytes, "left as it was").toBe(-1);
    bed.run("gateway", "conntrack", "-F");
    expect((await capture.ask("refresh 0", (line) => line.type === "refreshed")).found, "gone").toBe(false);
  });

  it("is not told of loopback, nor of what happens between the first packet and the last", async () => {
    const capture = await bed.capture("server");
    const server = bed.traffic("server");
    const client = bed.traffic("client");
    for (const host of ["127.0.0.1", "::1", SERVER.v4, SERVER.v6]) await server.ask({ do: "tcp-listen", host, port: 80 }, done);
    await server.ask({ do: "tcp", host: "127.0.0.1", port: 80, word: "finish" }, done);
    await server.ask({ do: "tcp", host: "::1", port: 80, word: "finish" }, done);
    await client.ask({ do: "tcp", host: SERVER.v4, port: 80, word: "finish" }, done);
    await client.ask({ do: "tcp", host: SERVER.v6, port: 80, word: "reset" }, done);
    const of = (family: number): PlainRecord[] => capture.records("event").filter((r) => r.protocol === 6 && r.family === family);
    await capture.until(() => of(10).length === 2);
    await capture.ask("dump", (line) => line.type === "dump-end");
    expect(of(2).map((r) => [r.event, r.tcpState])).toEqual([
      [1, 1],
      [2, 7],
    ]);
    expect(of(10).map((r) => [r.event, r.tcpState])).toEqual([
      [1, 1],
      [2, 8],
    ]);
    expect(capture.records("dump-entry").filter((r) => r.protocol === 6)).toHaveLength(2);
    expect(bed.run("server", "conntrack", "-L").match(/src=127\.0\.0\.1/), "the kernel does track loopback").not.toBeNull();
  });

  it("is still woken after a garbage collection", async () => {
    const capture = await bed.capture("client");
    for (let i = 0; i < 3; i++) await capture.ask("gc", (line) => line.type === "collected");
    bed.run("client", "ping", "-qc1", SERVER.v4);
    await capture.find((line) => line.type === "event" && line.record.protocol === 1);
  });

  it("counts what an overrun lost and dumps again, though the wall clock was set back by a day", async () => {
    bed.run("client", "ip", "route", "add", "blackhole", "10.99.0.0/16");
    const capture = await bed.capture("client", { receiveBufferBytes: 4096, resyncPauseMs: 0 });
    const client = bed.traffic("client");
    await client.ask({ do: "udp-many", host: SERVER.v4, port: 10_000, count: 1 }, done);
    await capture.ask("clock -86400000", (line) => line.type === "jumped");
    await capture.ask("block 3000", (line) => line.type === "blocked");
    await client.ask({ do: "udp-many", host: SERVER.v4, port: 20_000, count: 500 }, done);
    const overrun = await capture.find((line) => line.type === "overrun");
    const from = capture.lines.indexOf(overrun);
    await capture.find((line) => line.type === "dump-end" && line.complete, from);
    const { stats } = await capture.ask("stats", (line) => line.type === "stats");
    expect(stats.overruns).toBeGreaterThan(0);
    expect(stats.overrunEvents).toBeGreaterThan(400);
    const ports = new Set(
      [...capture.records("event"), ...capture.records("dump-entry")].map((r) => r.dstPort).filter((port) => port >= 20_000),
    );
    expect(ports.size).toBe(500);
    // Every event is either here or counted as lost.
    const received = capture.records("event").filter((r) => r.event === 1 && r.dstPort >= 20_000).length;
    expect(received + stats.overrunEvents!).toBeGreaterThanOrEqual(500);
  });

  it("reads dumps that are longer than one turn", async () => {
    const capture = await bed.capture("client");
    const client = bed.traffic("client");
    await client.ask({ do: "udp-many", host: SERVER.v4, port: 20_000, count: 3000 }, done);
    const from = capture.lines.length;
    await capture.ask("dump", (line) => line.type === "dump-end");
    const entries = capture.lines.slice(from).filter((line) => line.type === "dump-entry" && line.record.protocol === 17);
    expect(new Set(entries.map((line) => line.record.dstPort)).size).toBe(3000);
  });
});

/** A dump makes the kernel remove what has expired; else it would take its time (gc_worker). */
async function destroyed(
  capture: Awaited<ReturnType<Testbed["capture"]>>,
  fits: (record: PlainRecord) => boolean,
): Promise<PlainRecord> {
  const found = (): PlainRecord | undefined => capture.records("event").find((r) => r.event === 3 && fits(r));
  while (!found()) await capture.ask("dump", (line) => line.type === "dump-end");
  return found()!;
}

describe.skipIf(!needs("what DESTROY says about each kind of end", "root", "conntrack"))("ends", { timeout: 60_000 }, () => {
  withTestbed();
  // IPS_* bits: CONFIRMED 8, SEEN_REPLY 2, ASSURED 4, DYING 0x200.
  const UNREPLIED = 0x208;
  const REPLIED = 0x20a;
  const ASSURED = 0x20e;

  async function start(): Promise<Record<"capture" | "client" | "server", Awaited<ReturnType<Testbed["capture"]>>>> {
    bed.setSysctl("client", "tcp_timeout_time_wait", 1);
    bed.setSysctl("client", "tcp_timeout_close", 1);
    bed.setSysctl("client", "tcp_timeout_syn_sent", 4);
    bed.setSysctl("client", "udp_timeout", 1);
    bed.setSysctl("client", "udp_timeout_stream", 2);
    bed.setSysctl("client", "icmp_timeout", 1);
    const capture = await bed.capture("client");
    const server = bed.traffic("server");
    await server.ask({ do: "tcp-listen", host: SERVER.v4, port: 80 }, done);
    await server.ask({ do: "udp-listen", host: SERVER.v4, port: 5000 }, done);
    return { capture, server, client: bed.traffic("client") };
  }
  const tcpTo = (port: number) => (r: PlainRecord) => r.protocol === 6 && r.dstPort === port;
  const tcp = (port: number, word: string): object => ({ do: "tcp", host: SERVER.v4, port, word });

  it("TCP refused: at once, unreplied, CLOSE, one packet of 40 B back, with the timeout that was left", async () => {
    const { capture, client } = await start();
    expect((await client.ask(tcp(443, "finish"), done)).text).toBe("ECONNREFUSED");
    // Nobody asks for a dump here: nf_conntrack_proto_tcp.c kills the entry on a reset that is the only answer (nf_ct_kill_acct).
    await capture.find((line) => line.type === "event" && line.record.event === 3);
    expect(capture.records("event").filter(tcpTo(443))).toMatchObject([
      { event: 1, status: 8, tcpState: 1 },
      { event: 3, status: UNREPLIED, tcpState: 8, srcPackets: 1, srcBytes: 60, dstPackets: 1, dstBytes: 40 },
    ]);
    expect(capture.records("event").at(-1)!.timeoutS).toBeGreaterThan(0);
    bed.run("client", "ping", "-qc1", SERVER.v6); // so that no SYN waits for the neighbour's address
    expect((await client.ask({ ...tcp(443, "finish"), host: SERVER.v6 }, done)).text).toBe("ECONNREFUSED");
    const { record } = await capture.find(
      (line) => line.type === "event" && line.record.event === 3 && line.record.family === 10 && line.record.protocol === 6,
    );
    expect(record).toMatchObject({ status: UNREPLIED, tcpState: 8, srcBytes: 80, dstBytes: 60 });
    expect(record.timeoutS).toBeGreaterThan(0);
  });

  it("TCP, the same ports again while in TIME_WAIT: the old entry goes at once, with the timeout that was left, and a new one comes", async () => {
    const { capture, client } = await start();
    bed.setSysctl("client", "tcp_timeout_time_wait", 100);
    for (let i = 0; i < 2; i++) expect((await client.ask({ ...tcp(80, "finish"), localPort: 5555 }, done)).text).toBe("closed");
    const events = (): PlainRecord[] => capture.records("event").filter(tcpTo(80));
    await capture.until(() => events().length === 5);
    expect(events()).toMatchObject([
      { event: 1 },
      { event: 2 },
      { event: 3, status: ASSURED, tcpState: 7, srcPort: 5555 },
      { event: 1, srcPort: 5555 },
      { event: 2 },
    ]);
    expect(events()[2]!.timeoutS).toBeGreaterThan(0);
    // The id is a hash of the tuple and of the entry's address in memory: here it is often the same for both.
    const refresh = (i: number): Promise<Line> => capture.ask(`refresh ${i}`, (line) => line.type === "refreshed");
    for (const i of [0, 1, 2]) expect((await refresh(i)).found, `event ${i} is of the connection that is gone`).toBe(false);
    for (const i of [3, 4]) expect((await refresh(i)).found, `event ${i}`).toBe(true);
  });

  it("TCP filtered: on timeout, unreplied, SYN_SENT, nothing back", async () => {
    const { capture, client } = await start();
    bed.nft("server", "table inet f {\n chain i {\n type filter hook input priority 0;\n tcp dport 81 drop\n }\n}\n");
    client.tell(tcp(81, "finish"));
    await capture.find((line) => line.type === "event" && line.record.dstPort === 81);
    await client.kill();
    const end = await destroyed(capture, tcpTo(81));
    expect(end).toMatchObject({ status: UNREPLIED, tcpState: 1, dstPackets: 0, dstBytes: 0, timeoutS: -1 });
  });

  it("TCP finished: update into TIME_WAIT at once, DESTROY on timeout, assured", async () => {
    const { capture, client } = await start();
    await client.ask(tcp(80, "finish"), done);
    const end = await destroyed(capture, tcpTo(80));
    expect(capture.records("event").filter(tcpTo(80))).toMatchObject([
      { event: 1 },
      { event: 2, status: 0xe, tcpState: 7 },
      { event: 3 },
    ]);
    expect(end).toMatchObject({ status: ASSURED, tcpState: 7, srcBytes: 274, dstBytes: 271, timeoutS: -1 });
  });

  it("TCP reset while established: update into CLOSE at once, DESTROY on timeout, assured", async () => {
    const { capture, client } = await start();
    await client.ask(tcp(80, "reset"), done);
    const end = await destroyed(capture, tcpTo(80));
    expect(capture.records("event").filter(tcpTo(80))).toMatchObject([
      { event: 1 },
      { event: 2, status: 0xe, tcpState: 8 },
      { event: 3 },
    ]);
    expect(end).toMatchObject({ status: ASSURED, tcpState: 8, timeoutS: -1 });
    expect(end.dstPackets).toBeGreaterThanOrEqual(2);
  });

  it("UDP: on timeout; stop is when it expired, so the last packet came one timeout earlier", async () => {
    const { capture, client } = await start();
    await client.ask({ do: "udp", host: SERVER.v4, port: 5000, count: 1, pauseMs: 100 }, done);
    await client.ask({ do: "udp", host: SERVER.v4, port: 5001, count: 2, pauseMs: 100 }, done);
    expect(await destroyed(capture, isUdpTo(5000))).toMatchObject({
      status: REPLIED,
      srcPackets: 1,
      dstPackets: 1,
      timeoutS: -1,
    });
    // The port unreachable messages that came back are not counted, nor do they make a reply of it.
    const closed = await destroyed(capture, isUdpTo(5001));
    expect(closed).toMatchObject({ status: UNREPLIED, dstPackets: 0, dstBytes: 0, timeoutS: -1 });
    for (const end of [closed, await destroyed(capture, isUdpTo(5000))]) {
      const lastPacketUs = end.stopUs - 1e6;
      expect(lastPacketUs).toBeGreaterThan(end.startUs - 20_000); // jiffies are coarse
      expect(lastPacketUs).toBeLessThan(end.eventUs);
    }
  });

  it("UDP stream: assured, and the longer timeout holds", async () => {
    const { capture, client } = await start();
    bed.setSysctl("client", "udp_timeout", 5); // else it would expire between these packets
    await client.ask({ do: "udp", host: SERVER.v4, port: 5000, count: 3, pauseMs: 1300 }, done);
    const end = await destroyed(capture, isUdpTo(5000));
    expect(end).toMatchObject({ status: ASSURED, srcPackets: 3, timeoutS: -1 });
  });

  it("ICMP echo: replied or not, on timeout", async () => {
    const { capture } = await start();
    bed.nft(
      "server",
      "table ip f {\n chain i {\n type filter hook input priority 0;\n icmp type echo-request ip length 99 drop\n }\n}\n",
    );
    bed.run("client", "ping", "-qc1", SERVER.v4);
    expect(await destroyed(capture, (r) => r.protocol === 1)).toMatchObject({
      status: REPLIED,
      srcPackets: 1,
      dstPackets: 1,
      icmpType: 8,
    });
    const ping = bed.spawn("client", "ping", "-qc1", "-W1", "-s71", SERVER.v4);
    await ping.end();
    expect(await destroyed(capture, (r) => r.protocol === 1 && r.srcBytes === 99)).toMatchObject({
      status: UNREPLIED,
      dstPackets: 0,
    });
  });

  it("removed by hand: at once, in whatever state it was, with the timeout that was left", async () => {
    const { capture, client } = await start();
    await client.ask(tcp(80, "hold"), done);
    bed.setSysctl("client", "udp_timeout", 30);
    await client.ask({ do: "udp", host: SERVER.v4, port: 5000, count: 1, pauseMs: 100 }, done);
    bed.run("client", "conntrack", "-D", "-p", "udp");
    await capture.find((line) => line.type === "event" && line.record.event === 3 && line.record.protocol === 17);
    bed.run("client", "conntrack", "-F");
    await capture.find((line) => line.type === "event" && line.record.event === 3 && line.record.protocol === 6);
    const [udp, established] = capture.records("event").filter((r) => r.event === 3);
    expect(udp).toMatchObject({ status: REPLIED, srcPackets: 1 });
    expect(udp!.timeoutS).toBeGreaterThan(0);
    expect(established).toMatchObject({ status: ASSURED, tcpState: 3 });
    expect(established!.timeoutS).toBeGreaterThan(400_000);
  });
});

describe.skipIf(!needs("what capture changes in the kernel, and puts back", "root"))(
  "switches and table",
  { timeout: 60_000 },
  () => {
    withTestbed();
    const NAMES = ["acct", "timestamp", "events"];
    const values = (): number[] => NAMES.map((name) => bed.sysctl("gateway", name));
    const ruleset = (): string => bed.run("gateway", "nft", "list", "ruleset");
    const stopped = (line: Line): boolean => line.type === "stopped";

    it("sets what is needed, says what it found, and puts it back", async () => {
      bed.setSysctl("gateway", "timestamp", 1);
      const capture = await bed.capture("gateway");
      expect(values()).toEqual([1, 1, 1]);
      const { findings, table } = await capture.find((line) => line.type === "started");
      expect(findings).toMatchObject([
        { name: "nf_conntrack_acct", found: 0, value: 1, problem: null },
        { name: "nf_conntrack_timestamp", found: 1, value: 1, problem: null },
        { name: "nf_conntrack_events", found: 2, value: 1, problem: null },
      ]);
      expect(table).toBe("flowtrail");
      const { restored } = await capture.ask("stop", stopped);
      expect(restored).toEqual({ others: [], failed: [] });
      expect(values()).toEqual([0, 1, 2]);
      expect(ruleset()).toBe("");
      expect(existsSync(join(bed.directory, "sysctl-gateway.json"))).toBe(false);
    });

    it("leaves alone what somebody else has set since", async () => {
      const capture = await bed.capture("gateway");
      bed.setSysctl("gateway", "events", 0);
      await capture.ask("stop", stopped);
      expect(values()).toEqual([0, 0, 0]);
    });

    it("keeps its table from `nft flush ruleset`; kill -9 removes it, and the next agent puts back what was found", async () => {
      const capture = await bed.capture("gateway");
      bed.nft("gateway", "flush ruleset");
      expect(ruleset()).toContain("table inet flowtrail");
      await capture.kill("SIGKILL");
      expect(ruleset()).toBe("");
      expect(values()).toEqual([1, 1, 1]);
      const next = await bed.capture("gateway");
      expect((await next.find((line) => line.type === "started")).findings.map((f) => f.found)).toEqual([0, 0, 2]);
      await next.ask("stop", stopped);
      expect(values()).toEqual([0, 0, 2]);
    });

    it("puts nothing back while another agent is here", async () => {
      const first = await bed.capture("gateway");
      const second = await bed.capture("gateway");
      expect((await second.find((line) => line.type === "started")).table).toBe("flowtrail-2");
      expect((await first.ask("stop", stopped)).restored.others).toEqual(["flowtrail-2"]);
      expect(values()).toEqual([1, 1, 1]);
      expect(ruleset()).toContain("table inet flowtrail-2");
      const third = await bed.capture("gateway");
      expect((await third.find((line) => line.type === "started")).table).toBe("flowtrail");
      await third.kill("SIGKILL");
      await second.ask("stop", stopped);
      expect(values()).toEqual([0, 0, 2]);
    });

    it("takes no values from another namespace's or another boot's file", async () => {
      const capture = await bed.capture("gateway");
      await capture.kill("SIGKILL");
      const path = join(bed.directory, "sysctl-gateway.json");
      expect(JSON.parse(readFileSync(path, "utf8")).found).toEqual({
        nf_conntrack_acct: 0,
        nf_conntrack_timestamp: 0,
        nf_conntrack_events: 2,
      });
      bed.setSysctl("client", "acct", 1);
      const other = await bed.capture("client", { sysctlStatePath: path });
      await other.ask("stop", stopped);
      expect(bed.sysctl("client", "acct"), "as it was there").toBe(1);
    });

    it("tracks without a table of its own where somebody else does", async () => {
      const capture = await bed.capture("gateway", { tracking: false });
      bed.run("client", "ping", "-qc1", SERVER.v4);
      await capture.ask("dump", (line) => line.type === "dump-end");
      expect(capture.records("dump-entry"), "nobody tracks").toEqual([]);
      bed.nft("gateway", "table inet other {\n chain c {\n ct state new\n }\n}\n");
      bed.run("client", "ping", "-qc1", SERVER.v4);
      await capture.find((line) => line.type === "event");
    });
  },
);

describe.skipIf(!needs("capture without privileges", "root"))("privileges", { timeout: 60_000 }, () => {
  withTestbed();
  it("says what it needs when it has none, and changes nothing", async () => {
    const capture = bed.spawnCapture("gateway", { sysctlStatePath: "/tmp/never-written.json" }, asNobody());
    const error = await capture.find((line) => line.type === "error");
    expect(error.code).toBe("CAPTURE_NO_PRIVILEGE");
    expect(error.message).toMatch(/^needs CAP_NET_ADMIN: run the agent as root, or with `AmbientCapabilities=/);
    expect(bed.sysctl("gateway", "acct")).toBe(0);
  });

  it("needs no more than CAP_NET_ADMIN", async () => {
    const state = join(bed.directory, "nobody");
    mkdirSync(state, { mode: 0o777 });
    bed.run("gateway", "chmod", "755", bed.directory);
    bed.run("gateway", "chmod", "777", state);
    const capture = await bed.capture("gateway", { sysctlStatePath: join(state, "sysctl.json") }, asNobody("net_admin"));
    bed.run("client", "ping", "-qc1", SERVER.v4);
    await capture.find((line) => line.type === "event" && line.record.protocol === 1 && line.record.words[0] === 0x0a4d0102);
    expect(CLIENT.v4).toBe("10.77.1.2");
    await capture.ask("stop", (line) => line.type === "stopped");
    expect(bed.sysctl("gateway", "acct")).toBe(0);
  });

  it("says where the file is that it can't write", async () => {
    const file = join(bed.directory, "a-file");
    writeFileSync(file, "");
    const capture = bed.spawnCapture("gateway", { sysctlStatePath: join(file, "state.json") });
    const error = await capture.find((line) => line.type === "error");
    expect(error.code).toBe("CAPTURE_STATE_FILE");
    expect(error.message).toContain(join(file, "state.json"));
    expect(bed.run("gateway", "nft", "list", "ruleset")).toBe("");
    expect(bed.sysctl("gateway", "acct")).toBe(0);
  });
});
