/** The tracker on a real kernel's words: what people see of each kind of connection. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonRow } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import type { Line, LineProcess } from "../capture/testing/line-process.ts";
import { CLIENT, SERVER, Testbed } from "../capture/testing/testbed.ts";

const SCRIPT = fileURLToPath(new URL("testing/track-process.ts", import.meta.url));
const done = (line: Line): boolean => line.type === "done";
const ms = (row: JsonRow, column: string): number => Date.parse(String(row[column]));

describe.skipIf(!needs("flows of a real kernel", "root"))("on a real kernel", { timeout: 60_000 }, () => {
  let bed: Testbed;
  beforeEach(() => {
    bed = new Testbed();
    bed.up();
  });
  afterEach(() => bed.down());

  async function track(host: "client" | "gateway", ranges: string[], own: string[]): Promise<LineProcess> {
    for (const name of ["tcp_timeout_time_wait", "tcp_timeout_close", "udp_timeout", "icmp_timeout", "icmpv6_timeout"])
      bed.setSysctl(host, name, 2);
    bed.setSysctl(host, "tcp_timeout_syn_sent", 3);
    const config = { sysctlStatePath: join(bed.directory, "sysctl.json"), ranges, own };
    const process = bed.spawn(host, globalThis.process.execPath, SCRIPT, JSON.stringify(config));
    await process.find((line) => line.type === "started");
    return process;
  }
  const rowsOf = (tracked: LineProcess, fits: (row: JsonRow) => boolean): JsonRow[] =>
    tracked.lines
      .filter((line) => line.type === "row")
      .map((line): JsonRow => JSON.parse(line.text))
      .filter(fits);
  /** All rows of the one flow that fits, once it has its final one. */
  async function story(tracked: LineProcess, fits: (row: JsonRow) => boolean): Promise<JsonRow[]> {
    await tracked.until(() => rowsOf(tracked, fits).some((row) => row.counters_final === true));
    const rows = rowsOf(tracked, fits);
    expect(new Set(rows.map((row) => row.flow_id)).size).toBe(1);
    expect(rows.map((row) => row.revision)).toEqual(rows.map((_, i) => i));
    expect(new Set(rows.map((row) => row.start)).size).toBe(1);
    for (const [total, delta] of [
      ["src_bytes", "src_bytes_delta"],
      ["dst_bytes", "dst_bytes_delta"],
      ["src_packets", "src_packets_delta"],
      ["dst_packets", "dst_packets_delta"],
    ] as const) {
      expect(rows.reduce((sum, row) => sum + Number(row[delta] ?? 0), 0)).toBe(rows.at(-1)![total]);
    }
    return rows;
  }

  it("tells how connections of this node began, what they carried, how they ended and whether they were answered", async () => {
    const tracked = await track("client", ["10.77.0.0/16", "fd77::/16"], [CLIENT.v4, CLIENT.v6]);
    const server = bed.traffic("server");
    const client = bed.traffic("client");
    for (const host of [SERVER.v4, SERVER.v6]) await server.ask({ do: "tcp-listen", host, port: 80 }, done);
    await server.ask({ do: "udp-listen", host: SERVER.v4, port: 5000 }, done);
    bed.nft("server", "table inet f {\n chain i {\n type filter hook input priority 0;\n tcp dport 81 drop\n }\n}\n");
    const began = Date.now();
    await client.ask({ do: "tcp", host: SERVER.v4, port: 443, word: "finish" }, done);
    await client.ask({ do: "tcp", host: SERVER.v4, port: 80, word: "finish" }, done);
    await client.ask({ do: "tcp", host: SERVER.v6, port: 80, word: "reset" }, done);
    await client.ask({ do: "udp", host: SERVER.v4, port: 5000, count: 1, pauseMs: 50 }, done);
    await client.ask({ do: "udp", host: SERVER.v4, port: 5001, count: 1, pauseMs: 50 }, done);
    bed.run("client", "ping", "-qc1", SERVER.v4);
    bed.run("client", "ping", "-qc1", SERVER.v6);
    await client.ask({ do: "tcp", host: SERVER.v4, port: 80, word: "hold" }, done);
    const ended = Date.now();
    const patient = bed.traffic("client");
    patient.tell({ do: "tcp", host: SERVER.v4, port: 81, word: "finish" });
    await tracked.until(() => rowsOf(tracked, (row) => row.dst_port === 81).length > 0);
    await patient.kill(); // else its next SYN may come after the entry has expired

    const refused = await story(tracked, (row) => row.dst_port === 443);
    expect(refused.at(-1)).toMatchObject({
      direction: "egress",
      role: "initiator",
      verdict: "refused",
      state: "closed",
      end_reason: "reset",
      src_bytes: 60,
      dst_bytes: 40,
    });
    expect(ms(refused.at(-1)!, "end") - ms(refused[0]!, "start")).toBeLessThan(1000);

    const finished = await story(tracked, (row) => row.dst_port === 80 && row.end_reason === "finished");
    expect(finished[0]).toMatchObject({
      counters_final: false,
      state: "closed",
      verdict: "answered",
      dst_bytes: expect.any(Number),
    });
    expect(finished.at(-1)!.end).toBe(finished[0]!.end);

    const reset = await story(tracked, (row) => row.dst_ip === SERVER.v6 && row.protocol === 6);
    expect(reset.at(-1)).toMatchObject({ state: "closed", end_reason: "reset", verdict: "answered", src_ip: CLIENT.v6 });

    const answered = await story(tracked, (row) => row.dst_port === 5000);
    expect(answered[0]).toMatchObject({ state: "open", end: null, src_packets: 1 });
    expect(answered.at(-1)).toMatchObject({
      state: "closed",
      end_reason: "timeout",
      verdict: "answered",
      src_packets: 1,
      dst_packets: 1,
    });
    const silent = await story(tracked, (row) => row.dst_port === 5001);
    expect(silent.at(-1)).toMatchObject({ end_reason: "timeout", verdict: "unanswered", dst_packets: 0 });
    for (const last of [answered.at(-1)!, silent.at(-1)!, refused.at(-1)!, finished.at(-1)!, reset.at(-1)!]) {
      // Jiffies, by which the kernel reckons timeouts, are 1 to 10 ms.
      expect(ms(last, "start")).toBeGreaterThanOrEqual(began - 20);
      expect(ms(last, "end")).toBeGreaterThanOrEqual(ms(last, "start"));
      expect(ms(last, "end")).toBeLessThanOrEqual(ended + 20);
    }

    for (const [protocol, type] of [
      [1, 8],
      [58, 128],
    ]) {
      const echo = await story(tracked, (row) => row.protocol === protocol && row.icmp_type === type);
      expect(echo.at(-1)).toMatchObject({
        icmp_code: 0,
        icmp_id: expect.any(Number),
        src_port: null,
        verdict: "answered",
        src_packets: 1,
        dst_packets: 1,
      });
    }

    const filtered = await story(tracked, (row) => row.dst_port === 81);
    expect(filtered.at(-1)).toMatchObject({ verdict: "unanswered", end_reason: "timeout", dst_packets: 0 });

    const held = rowsOf(tracked, (row) => row.dst_port === 80 && row.dst_ip === SERVER.v4 && row.state === "open");
    expect(held.at(-1)).toMatchObject({ end: null, verdict: "answered", src_bytes: expect.any(Number), counters_final: false });
  });

  it("tells what a gateway forwards and translates", async () => {
    bed.nft("gateway", 'table ip n {\n chain p {\n type nat hook postrouting priority 100;\n oifname "eth2" masquerade\n }\n}\n');
    const tracked = await track("gateway", ["10.77.1.0/24"], ["10.77.1.1", "10.77.2.1"]);
    const server = bed.traffic("server");
    const client = bed.traffic("client");
    await server.ask({ do: "tcp-listen", host: SERVER.v4, port: 80 }, done);
    await client.ask({ do: "tcp", host: SERVER.v4, port: 80, word: "finish" }, done);
    bed.run("gateway", "ping", "-qc1", "-I", "10.77.2.1", SERVER.v4); // its own business outside of the overlay
    const [first] = await story(tracked, (row) => row.dst_port === 80);
    expect(first).toMatchObject({
      direction: "ingress",
      role: "forwarder",
      src_ip: CLIENT.v4,
      nat_src_ip: "10.77.2.1",
      nat_src_port: first!.src_port,
      nat_dst_ip: null,
    });
    expect(rowsOf(tracked, (row) => row.dst_port !== 80)).toEqual([]);
  });
});
