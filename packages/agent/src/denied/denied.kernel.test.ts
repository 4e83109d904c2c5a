/** Denied attempts on a real kernel: packets that rules of nftables and iptables drop, and the rows that people see of them. */
import { fileURLToPath } from "node:url";
import type { JsonRow } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../../test/needs.ts";
import { asNobody } from "../../../../test/nobody.ts";
import type { LineProcess } from "../capture/testing/line-process.ts";
import { CLIENT, SERVER, Testbed } from "../capture/testing/testbed.ts";

const SCRIPT = fileURLToPath(new URL("testing/denied-process.ts", import.meta.url));
/** As the unit runs the agent: nobody, with these capabilities. */
const NOBODY = asNobody("net_admin", "net_raw");
const LOG_RULES = `table inet fw {
 chain forward {
  type filter hook forward priority filter; policy accept;
  tcp dport 81 log group 740 prefix "ft-drop: " drop
  udp dport 82 log group 740 drop
  icmp type echo-request log group 740 prefix "ping" snaplen 20 drop
 }
 chain input {
  type filter hook input priority filter; policy accept;
  tcp dport 85 log group 740 prefix "in" reject
 }
 chain output {
  type filter hook output priority filter; policy accept;
  tcp dport 86 log group 740 prefix "out" drop
 }
}
`;
const DROP_RULES = `table inet fw {
 chain closed {
  type filter hook forward priority filter; policy drop;
  tcp dport 81 drop
  udp dport 82 reject
  tcp dport 84 accept
 }
}
`;

describe.skipIf(!needs("what firewalls drop", "root"))("what firewalls drop", { timeout: 60_000 }, () => {
  let bed: Testbed;
  beforeEach(() => {
    bed = new Testbed();
    bed.up();
  });
  afterEach(() => bed.down());

  async function listen(rules: "auto" | "off", wrapper: string[] = NOBODY): Promise<{ process: LineProcess; problem: string }> {
    const config = { ranges: ["10.77.0.0/16", "fd77::/16"], own: ["10.77.1.1", "fd77:1::1"], rules };
    const process = bed.spawn("gateway", ...wrapper, globalThis.process.execPath, SCRIPT, JSON.stringify(config));
    const { text } = await process.find((line) => line.type === "started");
    return { process, problem: text };
  }
  const rowsOf = (process: LineProcess, fits: (row: JsonRow) => boolean): JsonRow[] =>
    process.lines
      .filter((line) => line.type === "row")
      .map((line): JsonRow => JSON.parse(line.text))
      .filter(fits);
  async function first(process: LineProcess, fits: (row: JsonRow) => boolean): Promise<JsonRow> {
    await process.until(() => rowsOf(process, fits).length > 0);
    return rowsOf(process, fits)[0]!;
  }
  /** Tries each, and does not wait for an answer. */
  function attempt(host: "client" | "gateway", ...targets: readonly string[]): void {
    for (const target of targets)
      bed.run(host, "bash", "-c", `exec 2>/dev/null; timeout 0.3 bash -c 'echo x > /dev/${target}' || true`);
  }
  const ping = (host: string): void => {
    bed.run("client", "sh", "-c", `ping -qc1 -W1 ${host} || true`);
  };

  it("is told of by log rules of nftables and iptables, with the rule's prefix", async () => {
    bed.nft("gateway", LOG_RULES);
    const xt = (command: string, ...rest: string[]) => bed.run("gateway", command, "-A", "FORWARD", "-p", "tcp", ...rest);
    for (const [command, port] of [
      ["iptables-nft", "83"],
      ["iptables-legacy", "84"],
    ] as const) {
      xt(command, "--dport", port, "-j", "NFLOG", "--nflog-group", "740", "--nflog-prefix", `xt ${port}: `);
      xt(command, "--dport", port, "-j", "DROP");
    }
    const { process, problem } = await listen("off");
    expect(problem).toBe("");
    attempt(
      "client",
      `tcp/${SERVER.v4}/81`,
      `udp/${SERVER.v6}/82`,
      `tcp/${SERVER.v4}/83`,
      `tcp/${SERVER.v4}/84`,
      "tcp/10.77.1.1/85",
    );
    attempt("gateway", `tcp/${CLIENT.v4}/86`);
    ping(SERVER.v4);
    expect(await first(process, (row) => row.dst_port === 81)).toMatchObject({
      reporter: "test",
      network: "mesh",
      direction: "ingress",
      role: "forwarder",
      protocol: 6,
      src_ip: CLIENT.v4,
      dst_ip: SERVER.v4,
      src_port: expect.any(Number),
      src_bytes: 60,
      src_packets: 1,
      dst_bytes: null,
      dst_packets: null,
      state: "closed",
      verdict: "denied",
      rule: "ft-drop:",
      revision: 0,
      counters_final: false,
    });
    const udp = await first(process, (row) => row.dst_port === 82);
    expect(udp).toMatchObject({ src_ip: CLIENT.v6, dst_ip: SERVER.v6, protocol: 17, src_bytes: 50, rule: null });
    expect(await first(process, (row) => row.dst_port === 83)).toMatchObject({ rule: "xt 83:", src_bytes: 60 });
    expect(await first(process, (row) => row.dst_port === 84)).toMatchObject({ rule: "xt 84:", src_bytes: 60 });
    expect(await first(process, (row) => row.dst_port === 85)).toMatchObject({
      rule: "in",
      role: "responder",
      direction: "ingress",
    });
    expect(await first(process, (row) => row.dst_port === 86)).toMatchObject({
      rule: "out",
      role: "initiator",
      direction: "egress",
    });
    // The rule copies the IP header only.
    expect(await first(process, (row) => row.protocol === 1)).toMatchObject({ rule: "ping", src_bytes: 84, icmp_type: null });
    process.tell("end");
    const last = await first(process, (row) => row.dst_port === 81 && row.counters_final === true);
    expect(last).toMatchObject({ revision: 1, src_packets: 1, src_packets_delta: 0 });
  });

  it("is told of without any log rule, by traces of drops of nftables and iptables-nft", async () => {
    bed.nft("gateway", DROP_RULES);
    bed.run("gateway", "iptables-nft", "-A", "FORWARD", "-p", "tcp", "--dport", "84", "-j", "DROP");
    const { process, problem } = await listen("auto");
    expect(problem).toBe("");
    attempt("client", `tcp/${SERVER.v4}/81`, `udp/${SERVER.v6}/82`, `tcp/${SERVER.v4}/83`, `tcp/${SERVER.v4}/84`);
    attempt("client", "tcp/10.77.1.1/85");
    expect(await first(process, (row) => row.dst_port === 81)).toMatchObject({
      role: "forwarder",
      src_bytes: 60,
      src_packets: 1,
      verdict: "denied",
      rule: expect.stringMatching(/^fw closed handle \d+$/),
    });
    expect(await first(process, (row) => row.dst_port === 82)).toMatchObject({ src_ip: CLIENT.v6, src_bytes: 50 });
    expect(await first(process, (row) => row.dst_port === 83)).toMatchObject({ rule: "fw closed policy" });
    expect(await first(process, (row) => row.dst_port === 84)).toMatchObject({
      rule: expect.stringMatching(/^filter FORWARD handle/),
    });
    // What no rule dropped is no denied attempt: refused by the host itself.
    expect(rowsOf(process, (row) => row.dst_port === 85)).toEqual([]);
    expect(bed.run("gateway", "nft", "list", "tables")).toContain("flowtrail_denied");
    await process.kill();
    expect(bed.run("gateway", "nft", "list", "tables")).not.toContain("flowtrail_denied");
  });

  it("counts packets of one connection once where log rules and traces tell of them, and tells what the traces missed", async () => {
    bed.nft("gateway", DROP_RULES.replace("tcp dport 81 drop", 'tcp dport 81 log group 740 prefix "named" drop'));
    const { process } = await listen("auto");
    attempt("client", `tcp/${SERVER.v4}/81`);
    expect(await first(process, (row) => row.dst_port === 81)).toMatchObject({ rule: "named" });
    process.tell("end");
    expect(await first(process, (row) => row.dst_port === 81 && row.counters_final === true)).toMatchObject({ src_packets: 1 });
    bed.run("client", "bash", "-c", `for i in $(seq 1500); do echo x > /dev/udp/${SERVER.v4}/9; done`);
    await first(process, (row) => row.dst_port === 9);
    const untraced = async () => {
      const { text } = await process.ask("facts", (line) => line.type === "facts");
      return (JSON.parse(text) as { drops: { untraced: number } }).drops.untraced;
    };
    await expect.poll(untraced, { timeout: 30_000, interval: 500 }).toBeGreaterThan(0);
  });

  it("says who is in the way of listening, and goes on", async () => {
    const one = await listen("off");
    expect((await listen("off")).problem).toMatch(/another program listens to nflog group 740.*capture\.denied_group/);
    await one.process.kill();
    const without = await listen("auto", asNobody());
    expect(without.problem).toMatch(/needs CAP_NET_ADMIN/);
  });
});
