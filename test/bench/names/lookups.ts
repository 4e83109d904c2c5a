/**
 * Attribution in CPU time of one core: look-ups/s in the compiled table with 100,000 prefixes of IPv4 and IPv6 in several versions, beside plain
 * ways to do the same (no library of tries is installed); time and memory to compile it; rows/s of `fill`. `node test/bench/names/lookups.ts [--json] [--quick] [--prefixes 100000]`.
 */
import { parseArgs } from "node:util";
import { type Cidr, cidrContains, FlowBatch, formatCidr } from "../../../packages/model/src/index.ts";
import { AttributionTable } from "../../../packages/server/src/identify/attribution/table.ts";
import type { Holding, InventoryFacts } from "../../../packages/server/src/identify/holding.ts";
import { Identify } from "../../../packages/server/src/identify/identify.ts";
import { EXTERNAL } from "../../../packages/server/src/identify/lookup.ts";
import { type BenchRow, median, printPart } from "./rows.ts";

const NOW_MS = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
const NETWORK = "bench";
const BATCH_ROWS = 8000;

/** Small, fast and the same in every run (xorshift32). */
let seed = 0x9e3779b9;
function random(below: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % below;
}

function address(v4: boolean): Uint8Array {
  const bytes = new Uint8Array(16);
  if (v4) {
    bytes.fill(0xff, 10, 12);
    bytes.set([[10, 100, 172, 192][random(4)] ?? 10, random(64), random(256), random(256)], 12);
  } else
    bytes.set([0xfd, 0x0a, 0, random(16), 0, random(256), random(4), random(256), 0, 0, 0, 0, 0, 0, random(256), random(256)]);
  return bytes;
}

function cidr(v4: boolean, prefixBits: number): Cidr {
  const bytes = address(v4);
  for (let bit = prefixBits; bit < 128; bit++) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) & ~(0x80 >> (bit & 7));
  return { bytes, prefixBits, v4 };
}

/** All different: seven of ten IPv4; two thirds single addresses, the rest ranges of /14…/30 and /40…/112. */
function cidrs(count: number): Cidr[] {
  const made = new Map<string, Cidr>();
  while (made.size < count) {
    const v4 = random(10) < 7;
    const prefixBits = random(3) < 2 ? 128 : v4 ? 96 + 14 + random(17) : 40 + random(19) * 4;
    const one = cidr(v4, prefixBits);
    made.set(formatCidr(one), one);
  }
  return [...made.values()];
}

/** One to three holders of each prefix, one after the other. */
function holdingsOf(prefixes: readonly Cidr[]): Holding[] {
  return prefixes.flatMap((prefix, i) => {
    const versions = 1 + random(3);
    return Array.from({ length: versions }, (_, version): Holding => {
      const id = `n${i}.${version}`;
      const fromMs = NOW_MS - (versions - version) * 10 * DAY_MS - random(DAY_MS);
      const toMs = version === versions - 1 ? Number.POSITIVE_INFINITY : NOW_MS - (versions - version - 1) * 10 * DAY_MS - DAY_MS;
      return {
        network: NETWORK,
        cidr: prefix,
        kind: prefix.prefixBits === 128 ? "address" : "range",
        participant: { ...EXTERNAL, type: prefix.prefixBits === 128 ? "node" : "egress_route", id, name: id },
        domain: null,
        source: "file",
        precedence: 0,
        fromMs,
        isFirst: version === 0,
        toMs,
      };
    });
  });
}

interface Question {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Addresses one after the other, in no order: half of them known ones, a quarter in ranges, a quarter anywhere on the internet. */
function questions(prefixes: readonly Cidr[], count: number): Question[] {
  const of = (v4: boolean) => prefixes.filter((prefix) => prefix.prefixBits === 128 && prefix.v4 === v4);
  const [v4, v6] = [of(true), of(false)];
  const pick = (from: readonly Cidr[]) => from[random(from.length)]?.bytes ?? new Uint8Array(16);
  const internet = () =>
    Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 11 + random(80), random(256), random(256), random(256)]);
  const mixed = () => {
    const isV4 = random(10) < 7;
    return random(2) === 0 ? pick(isV4 ? v4 : v6) : random(2) === 0 ? address(isV4) : internet();
  };
  const kinds: Record<string, () => Uint8Array> = {
    mixed,
    "known IPv4": () => pick(v4),
    "known IPv6": () => pick(v6),
    "in IPv4 ranges": () => address(true),
    "in IPv6 ranges": () => address(false),
    nobody: internet,
  };
  return Object.entries(kinds).map(([what, make]) => {
    const bytes = new Uint8Array(count * 16);
    for (let i = 0; i < count; i++) bytes.set(make(), i * 16);
    return { what, bytes };
  });
}

/** Of the thread: other processes on the machine don't count. Its clock is coarse, so a round must take some 100 ms. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Calls per second of CPU time: the median of some rounds. */
function rate(rounds: number, calls: number, run: () => void): number {
  run();
  const rates = Array.from({ length: rounds }, () => {
    const from = cpuMs();
    run();
    return (calls / Math.max(0.001, cpuMs() - from)) * 1000;
  });
  return median(rates);
}

/** What anybody would write: ranges sorted by length, the first that contains the address. */
function linear(holdings: readonly Holding[]): (bytes: Uint8Array, offset: number) => Holding | null {
  const now = holdings.filter(({ toMs }) => toMs > NOW_MS).sort((a, b) => b.cidr.prefixBits - a.cidr.prefixBits);
  return (bytes, offset) => now.find((holding) => cidrContains(holding.cidr, bytes, offset)) ?? null;
}

/** A hash table for each prefix length, asked from the longest on. */
function byLength(holdings: readonly Holding[]): (bytes: Uint8Array, offset: number) => Holding | null {
  const lengths = new Map<number, Map<bigint, Holding>>();
  for (const holding of holdings) {
    if (holding.toMs <= NOW_MS) continue;
    const { bytes, prefixBits } = holding.cidr;
    const table = lengths.get(prefixBits) ?? new Map<bigint, Holding>();
    lengths.set(prefixBits, table.set(numberOf(bytes, 0) >> BigInt(128 - prefixBits), holding));
  }
  const tables = [...lengths].sort(([a], [b]) => b - a).map(([bits, table]) => ({ shift: BigInt(128 - bits), table }));
  return (bytes, offset) => {
    const number = numberOf(bytes, offset);
    for (const { shift, table } of tables) {
      const holding = table.get(number >> shift);
      if (holding !== undefined) return holding;
    }
    return null;
  };
}

function numberOf(bytes: Uint8Array, offset: number): bigint {
  let number = 0n;
  for (let i = 0; i < 16; i += 4) {
    const word =
      ((bytes[offset + i] ?? 0) << 24) |
      ((bytes[offset + i + 1] ?? 0) << 16) |
      ((bytes[offset + i + 2] ?? 0) << 8) |
      (bytes[offset + i + 3] ?? 0);
    number = (number << 32n) | BigInt(word >>> 0);
  }
  return number;
}

function fillBatch(prefixes: readonly Cidr[], addresses: number): FlowBatch {
  const batch = new FlowBatch(BATCH_ROWS);
  const { columns } = batch;
  const pool = Array.from({ length: addresses }, () => prefixes[random(prefixes.length)]?.bytes ?? new Uint8Array(16));
  for (let row = 0; row < BATCH_ROWS; row++) {
    batch.addRow();
    columns.network.set(row, NETWORK);
    columns.reporter_id.set(row, "gw");
    columns.role.set(row, "forwarder");
    columns.state.set(row, "closed");
    columns.src_ip.set(row, pool[random(pool.length)] ?? new Uint8Array(16));
    columns.dst_ip.set(row, pool[random(pool.length)] ?? new Uint8Array(16));
    columns.start.set(row, NOW_MS - random(60_000));
    columns.last_seen.set(row, NOW_MS);
    columns.end.set(row, NOW_MS);
  }
  return batch;
}

const { values } = parseArgs({
  options: { json: { type: "boolean" }, quick: { type: "boolean" }, prefixes: { type: "string", default: "100000" } },
});
const rounds = values.quick ? 3 : 9;
const count = values.quick ? 300_000 : 1_000_000;
const prefixes = cidrs(Number(values.prefixes));
const facts: InventoryFacts = { holdings: holdingsOf(prefixes), nodes: [] };

const compileMs = median(
  Array.from({ length: values.quick ? 2 : 5 }, () => {
    const from = cpuMs();
    new AttributionTable(facts);
    return cpuMs() - from;
  }),
);
const table = new AttributionTable(facts);
const asked = questions(prefixes, count);
const [mixed] = asked as [Question];
const [plain, byMap] = [linear(facts.holdings), byLength(facts.holdings)];
const slow = Math.ceil(5e6 / prefixes.length);
for (let i = 0; i < slow; i++) {
  const answers = [
    table.answer(table.find(mixed.bytes, i * 16, NOW_MS, -1)).holding,
    byMap(mixed.bytes, i * 16),
    plain(mixed.bytes, i * 16),
  ];
  if (new Set(answers).size !== 1) throw new Error(`look-up ${i}: the ways do not agree`);
}
/** Of what the look-ups gave, so that none can be left out. */
let checksum = 0;
const beside: Record<string, number> = {
  "a Map for each prefix length": rate(3, slow * 2000, () => {
    for (let i = 0; i < slow * 2000; i++) checksum += byMap(mixed.bytes, i * 16) === null ? 0 : 1;
  }),
  "each range, longest first": rate(3, slow, () => {
    for (let i = 0; i < slow; i++) checksum += plain(mixed.bytes, i * 16) === null ? 0 : 1;
  }),
};
const million = (perSecond: number) => perSecond / 1e6;
const rows: BenchRow[] = [];
for (const { what, bytes } of asked) {
  const measured = rate(rounds, count, () => {
    for (let i = 0; i < count; i++) checksum ^= table.find(bytes, i * 16, NOW_MS, -1);
  });
  const row = { what: `look-ups, ${prefixes.length} prefixes, ${what}`, value: million(measured), unit: "M/s" };
  if (bytes !== mixed.bytes) rows.push(row);
  else for (const [way, value] of Object.entries(beside)) rows.push({ ...row, base: { what: way, value: million(value) } });
}
rows.push({ what: `compile ${prefixes.length} prefixes, ${facts.holdings.length} holdings`, value: compileMs, unit: "ms" });
rows.push({ what: "the table's typed arrays", value: table.bytes / 2 ** 20, unit: "MiB" });
for (const addresses of [50, 1000, 16_000]) {
  const inventory = {
    version: 1,
    networks: () => [NETWORK],
    facts: () => facts,
    inventoryTime: (ms: number) => ms,
  };
  const identify = new Identify({ inventory, expected: () => false });
  const batch = fillBatch(prefixes, addresses);
  const calls = values.quick ? 10 : 40;
  const measured = rate(rounds, BATCH_ROWS * calls, () => {
    for (let i = 0; i < calls; i++) identify.fill(batch);
  });
  rows.push({ what: `fill, ${BATCH_ROWS} rows of ${addresses} addresses`, value: million(measured), unit: "M rows/s" });
}
if (Number.isNaN(checksum)) throw new Error("a look-up found no number");
printPart(rows);
