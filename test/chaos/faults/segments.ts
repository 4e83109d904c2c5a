/** Segments of the spool that a disk gives back otherwise than they were written. */
import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeBatch } from "@flowtrail/model";
import { decodeHeader, HEADER_BYTES } from "../../../packages/agent/src/spool/record.ts";
import type { ChaosBed } from "../bed.ts";
import type { Fault } from "../fault.ts";
import { numberOf } from "../flow-number.ts";

interface SpooledRecord {
  readonly offset: number;
  readonly bytes: number;
  readonly numbers: readonly number[];
}
let damaged = 0;

function segmentOf(bed: ChaosBed): string {
  const dir = join(bed.agentDisk.path, "agent", "spool");
  const names = readdirSync(dir).filter((name) => name.endsWith(".seg"));
  return join(dir, names.sort().at(-1) ?? "");
}

/** What is in a segment, so that it is known what is damaged in it. */
function recordsOf(file: Buffer): SpooledRecord[] {
  const records: SpooledRecord[] = [];
  for (let offset = 0; offset + HEADER_BYTES <= file.length; ) {
    const header = decodeHeader(file.subarray(offset, offset + HEADER_BYTES));
    if (header === null) break;
    const end = offset + HEADER_BYTES + header.payloadBytes;
    const { batch } = decodeBatch(file.subarray(offset + HEADER_BYTES, end), { maxRows: 1_000_000 });
    const { protocol, src_port, dst_port } = batch.columns;
    const numbers = Array.from({ length: batch.length }, (_, row) =>
      numberOf(protocol.get(row) ?? 0, src_port.get(row) ?? 0, dst_port.get(row) ?? 0),
    );
    records.push({ offset, bytes: end - offset, numbers: numbers.filter((number) => number !== null) });
    offset = end;
  }
  return records;
}

/** Their rows are gone with them, unless a later row says it again. */
function excuse(bed: ChaosBed, records: readonly SpooledRecord[], reason: string): void {
  for (const { numbers } of records) for (const number of numbers) bed.excused.set(number, reason);
}

/** The last record is cut short, as by a machine that lost its power before the disk had it. */
function tear(bed: ChaosBed): void {
  const path = segmentOf(bed);
  const file = readFileSync(path);
  const last = recordsOf(file).at(-1);
  if (last === undefined) throw new Error("nothing was spooled");
  truncateSync(path, last.offset + bed.random.whole(1, last.bytes - 1));
  excuse(bed, [last], "last record torn off");
}

/** A bit of each of three records among the last ones, in the header or behind it. */
function flip(bed: ChaosBed): void {
  const path = segmentOf(bed);
  const file = readFileSync(path);
  const hit = bed.random.shuffled(recordsOf(file).slice(-8)).slice(0, 3);
  for (const { offset, bytes } of hit) {
    const at = offset + bed.random.whole(0, bytes - 1);
    file[at] = (file[at] ?? 0) ^ (1 << bed.random.whole(0, 7));
  }
  writeFileSync(path, file);
  damaged = hit.length;
  excuse(bed, hit, "spooled record damaged, declared");
}

const damage = (name: string, about: string, inflict: (bed: ChaosBed) => void, after?: Fault["after"]): Fault => ({
  name,
  about,
  lastsMs: [500, 1000],
  begin: async (bed) => {
    // What waits in the spool is what can be damaged.
    bed.tap.weather = "refused";
    bed.tap.drops.clear();
    await bed.pause(4000);
    await bed.whileAgentIsAway("SIGKILL", () => inflict(bed));
  },
  end: async (bed) => {
    bed.tap.weather = "clear";
  },
  ...(after ? { after } : {}),
});

export const SEGMENTS: readonly Fault[] = [
  damage("segment-torn", "the last record of the spool is cut short while the agent is dead", tear),
  // With its next batch, which is a heartbeat where nothing happens.
  damage("segment-flipped", "bits of three spooled records are flipped while the agent is dead", flip, (bed) =>
    bed.until("the agent has declared what was damaged", () => (bed.tap.drops.get("spool_batches") ?? 0) >= damaged),
  ),
];
