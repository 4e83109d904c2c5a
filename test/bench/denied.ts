/**
 * What a packet that a firewall drops costs the agent: a flood of UDP from one host of a test bed to another, dropped and logged on the gateway between
 * them, and the CPU time of the process that listens. As root: `node test/bench/denied.ts [seconds] [auto]`
 */
import { fileURLToPath } from "node:url";
import { SERVER, Testbed } from "../../packages/agent/src/capture/testing/testbed.ts";

const SCRIPT = fileURLToPath(new URL("../../packages/agent/src/denied/testing/denied-process.ts", import.meta.url));
const seconds = Number(process.argv[2] ?? 10);
const rules = process.argv[3] === "auto" ? "auto" : "off";
const log = rules === "auto" ? "" : 'log group 740 prefix "flood" ';
const RULES = `table inet fw {
 chain forward {
  type filter hook forward priority filter; policy accept;
  udp dport != 53 counter ${log}drop
 }
}
`;
/** Each datagram to another port: a scan. */
const FLOOD = `
const socket = require("node:dgram").createSocket("udp4");
const untilMs = Date.now() + ${seconds * 1000};
let port = 1000;
const send = () => {
  for (let i = 0; i < 64; i++) socket.send("x", (port = port < 60000 ? port + 1 : 1000), "${SERVER.v4}");
  if (Date.now() < untilMs) setImmediate(send); else socket.close();
};
socket.bind(0, send);`;

interface Facts {
  readonly gauges: Record<string, number>;
  readonly drops: Record<string, number>;
  readonly cpuUs: { readonly user: number; readonly system: number };
}

const bed = new Testbed();
bed.up();
try {
  bed.nft("gateway", RULES);
  const listener = bed.spawn(
    "gateway",
    process.execPath,
    SCRIPT,
    JSON.stringify({ ranges: ["10.77.0.0/16"], own: ["10.77.1.1"], rules }),
  );
  await listener.find((line) => line.type === "started");
  const facts = async () => JSON.parse((await listener.ask("facts", (line) => line.type === "facts")).text) as Facts;
  const before = await facts();
  bed.run("client", process.execPath, "-e", FLOOD);
  // What waits is read, and what could be read no more has been counted.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const { gauges, drops, cpuUs } = await facts();
  const packets = Number(/packets (\d+)/.exec(bed.run("gateway", "nft", "list", "table", "inet", "fw"))?.[1]);
  const us = cpuUs.user + cpuUs.system - before.cpuUs.user - before.cpuUs.system;
  const perS = (count: number) => Math.round(count / seconds);
  process.stdout.write(
    `${JSON.stringify({
      rules,
      dropped_per_s: perS(packets),
      heard_per_s: perS((gauges.logged ?? 0) + (gauges.traced ?? 0)),
      rows: gauges.rows,
      cpu_percent: Math.round(us / seconds / 1000) / 10,
      cpu_us_per_dropped_packet: Math.round((us / packets) * 100) / 100,
      drops,
    })}\n`,
  );
} finally {
  await bed.down();
}
