/** What nodes report, as NDJSON: the examples of the traffic log's spec, and an ordinary quarter of an hour of a small network. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flowIdWords } from "@flowtrail/model";
import { startTestServer, type TestServer } from "../../../packages/server/src/testing.ts";

export type Row = Readonly<Record<string, unknown>>;

const INVENTORY = `
networks:
  - id: netmaker
    ranges: [100.102.137.0/24]
    nodes:
      - { id: debian, addresses: [100.102.137.9] }
      - { id: inetgw, addresses: [100.102.137.4], gateway: true }
      - { id: officegw, addresses: [100.102.137.5] }
    users:
      - { id: majdi@netmaker.io, devices: [{ name: laptop, addresses: [100.102.137.21], gateway: inetgw }] }
      - { id: ana@example.com, devices: [{ name: phone, addresses: [100.102.137.22], gateway: inetgw }] }
    config_files:
      - { id: printer-2nd-floor, addresses: [100.102.137.30], gateway: inetgw }
    egress:
      - { id: office-lan, ranges: [10.20.0.0/16], via: [officegw] }
`;

/** A server on loopback that asks nobody for credentials and knows who is who. */
export async function startOffice(options: { now?: () => number } = {}): Promise<TestServer> {
  // In its data directory, which goes with the server.
  const data = await mkdtemp(join(tmpdir(), "flowtrail-e2e-"));
  const file = join(data, "inventory.yaml");
  await writeFile(file, INVENTORY);
  return startTestServer({ data, flags: { insecure_no_auth: true, "inventory.file": file }, ...options });
}

/** Delivers rows, each node's in a batch of its own. Debian first: a report is primary as long as no better one is expected. */
export async function deliver(server: TestServer, rows: readonly Row[]): Promise<void> {
  for (const reporter of ["debian", "officegw", "inetgw"]) {
    const own = rows.filter((row) => row.reporter === reporter);
    if (own.length === 0) continue;
    const { status, body } = await server.deliver(null, own, { "flowtrail-node": reporter });
    if (status !== 200 || body.rejected.length > 0) throw new Error(`${status}: ${JSON.stringify(body)}`);
  }
}

let sequence = 0;

/** A closed and answered TCP connection of debian to inetgw, to be varied. */
export function row(startMs: number, lifeMs: number, change: Row = {}): Row {
  const words = new Uint32Array(2);
  flowIdWords(startMs, sequence++, words, 0);
  const endMs = startMs + lifeMs;
  const open = change.state === "open";
  return {
    flow_id: String((BigInt(words[1] ?? 0) << 32n) | BigInt(words[0] ?? 0)),
    revision: 0,
    reporter: "debian",
    network: "netmaker",
    direction: "egress",
    role: "initiator",
    protocol: 6,
    src_ip: "100.102.137.9",
    src_port: 44006,
    dst_ip: "100.102.137.4",
    dst_port: 443,
    src_bytes: 60,
    dst_bytes: 40,
    src_packets: 1,
    dst_packets: 1,
    start: new Date(startMs).toISOString(),
    last_seen: new Date(endMs).toISOString(),
    end: open ? null : new Date(endMs).toISOString(),
    state: "closed",
    end_reason: open ? null : "finished",
    verdict: "answered",
    ...change,
  };
}

const REFUSED = { verdict: "refused", end_reason: "reset" } as const;
export const AT_GATEWAY = { reporter: "inetgw", direction: "ingress", role: "forwarder" } as const;
export const INBOUND = { reporter: "inetgw", direction: "ingress", role: "responder" } as const;

/** Examples 1 and 2 of the spec: one refused connection, as both ends report it. */
export function examples1and2(startMs: number): readonly [inetgw: Row, debian: Row] {
  return [row(startMs + 1, 2, { ...REFUSED, ...INBOUND }), row(startMs, 3, REFUSED)];
}

/** Example 3: a user to an external service through the gateway. `lifeMs`: it began a minute before it ended. */
export function example3(startMs: number, lifeMs: number): Row {
  return row(startMs, lifeMs, {
    ...AT_GATEWAY,
    src_ip: "100.102.137.21",
    src_port: 38532,
    dst_ip: "34.160.111.145",
    src_bytes: 2417,
    dst_bytes: 4127,
    src_packets: 12,
    dst_packets: 10,
    nat_src_ip: "198.51.100.4",
    nat_src_port: 38532,
  });
}
