/**
 * The flow table as bytes. A head of JSON (what follows, the networks' names, the texts), then the columns of all flows that are not over and told, one
 * after the other, as they are in memory. Only the machine that wrote it reads it, and the spool keeps its checksum.
 *
 *   u32 magic · u32 length of the head · head (UTF-8) · [to the next multiple of 8] column · … · column
 */
import { NO_CODE } from "./codes.ts";
import type { ExcludedEntry } from "./excluded-entries.ts";
import { type AnyArray, FLAG, type FlowColumns, LAYOUT, NAT_LAYOUT, PHASE } from "./flow-layout.ts";
import type { FlowTable } from "./flow-table.ts";
import type { Flows } from "./flows.ts";

const MAGIC = 0x4b435446; // "FTCK"
const PREFIX_BYTES = 8;
/** Columns that a checkpoint may lack: before flows had names there were none of them, nor texts. */
const NAME_COLUMNS: ReadonlySet<string> = new Set(["domain", "about", "domainSource"] satisfies (keyof typeof LAYOUT)[]);
/** From here on a call to copy is cheaper than a loop. */
const LONG_RUN = 16;

interface Head {
  /** Names, types and widths of the columns: another build may have others. */
  readonly layout: string;
  readonly count: number;
  readonly networks: readonly string[];
  /** By number. */
  readonly texts: readonly (readonly [number, string])[];
  /** Left out where there are none. */
  readonly excluded?: readonly ExcludedEntry[];
}

export function encodeCheckpoint(flows: Flows): Uint8Array<ArrayBuffer> {
  const { table } = flows;
  const slots = slotsToKeep(table);
  const columns = columnsOf(table.translates);
  const excluded = excludedIn(table);
  const head: Head = {
    layout: layoutOf(columns),
    count: slots.length,
    networks: flows.networks,
    texts: flows.texts.entries(),
    ...(excluded.length === 0 ? {} : { excluded }),
  };
  const headBytes = new TextEncoder().encode(JSON.stringify(head));
  const places = placesOf(columns, slots.length, PREFIX_BYTES + headBytes.length);
  const buffer = new ArrayBuffer(places.end);
  new Uint32Array(buffer, 0, 2).set([MAGIC, headBytes.length]);
  new Uint8Array(buffer).set(headBytes, PREFIX_BYTES);
  for (const [at, { name, type, width }] of columns.entries()) {
    gather(new type(buffer, places.offsets[at], slots.length * width), table.columns[name], slots, width);
  }
  return new Uint8Array(buffer);
}

/** Fills an empty table. Returns null, or why the bytes are of no use; the table is untouched then. */
export function decodeCheckpoint(bytes: Uint8Array, flows: Flows): string | null {
  const { table } = flows;
  const head = decodeHead(bytes);
  if (typeof head === "string") return head;
  const { count, networks, texts, excluded = [], length } = head;
  const current = [true, false].map(columnsOf);
  const former = current.map((each) => each.filter(({ name }) => !NAME_COLUMNS.has(name)));
  const columns = [...current, ...former].find((each) => layoutOf(each) === head.layout);
  if (!columns) return "it was written by another version of Flowtrail";
  const places = placesOf(columns, count, PREFIX_BYTES + length);
  if (places.end !== bytes.length) return `it has ${bytes.length} bytes and not ${places.end}`;
  const { buffer } = new Uint8Array(bytes); // a copy, so that the columns lie on multiples of 8 in memory too
  const slots = table.addUnlinked(count);
  if (columns.some(({ name }) => name in NAT_LAYOUT)) table.translate();
  table.columns.domainSource.fill(NO_CODE, 0, slots);
  for (const [at, { name, type, width }] of columns.entries()) {
    table.columns[name].set(new type(buffer, places.offsets[at], slots * width));
  }
  flows.excludedEntries.set(excluded);
  const codes = networks.map((network) => flows.networkCode(network));
  const textOf = new Map(texts);
  for (let slot = 0; slot < slots; slot++) {
    table.columns.network[slot] = codes[table.columns.network[slot]!] ?? 0;
    flows.texts.adopt(slot, textOf);
    table.link(slot);
  }
  return null;
}

/** Copies the elements of `slots`, whole runs of neighbours at once. */
function gather(to: AnyArray, from: AnyArray, slots: Int32Array, width: number): void {
  for (let i = 0; i < slots.length; ) {
    const first = slots[i]!;
    let run = 1;
    while (slots[i + run] === first + run) run++;
    if (run >= LONG_RUN) to.set(from.subarray(first * width, (first + run) * width), i * width);
    else for (let k = 0; k < run * width; k++) to[i * width + k] = from[first * width + k]!;
    i += run;
  }
}

function decodeHead(bytes: Uint8Array): (Head & { length: number }) | string {
  if (bytes.length < PREFIX_BYTES) return "it is too short";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== MAGIC) return "it is no checkpoint of Flowtrail";
  const length = view.getUint32(4, true);
  if (PREFIX_BYTES + length > bytes.length) return "its head is cut off";
  try {
    const text = new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
    const { layout, count, networks, texts = [], excluded = [] } = JSON.parse(text) as Partial<Head>;
    if (
      typeof layout === "string" &&
      Number.isSafeInteger(count) &&
      Array.isArray(networks) &&
      [texts, excluded].every(Array.isArray)
    ) {
      return { layout, count: count!, networks: networks.map(String), texts, excluded, length };
    }
  } catch {
    // no JSON: said below
  }
  return "its head is damaged";
}

type Column = {
  readonly name: keyof typeof LAYOUT | keyof typeof NAT_LAYOUT;
  readonly type: (typeof LAYOUT)[keyof typeof LAYOUT][0];
  readonly width: number;
};

function columnsOf(translated: boolean): Column[] {
  const layout = translated ? { ...LAYOUT, ...NAT_LAYOUT } : LAYOUT;
  return Object.entries(layout).map(([name, [type, width]]) => ({
    name: name as keyof FlowColumns as Column["name"],
    type,
    width,
  }));
}

function layoutOf(columns: readonly Column[]): string {
  return columns.map(({ name, type, width }) => `${name}:${type.name}:${width}`).join(" ");
}

function placesOf(columns: readonly Column[], count: number, from: number): { offsets: number[]; end: number } {
  let end = from;
  const offsets = columns.map(({ type, width }) => {
    const offset = Math.ceil(end / 8) * 8;
    end = offset + count * width * type.BYTES_PER_ELEMENT;
    return offset;
  });
  return { offsets, end };
}

/** Flows of which nothing is told: not where they lead, but which of the kernel's entries they are. */
function excludedIn({ columns, end }: FlowTable): ExcludedEntry[] {
  const { phase, flags, conntrackId, kernelStartUs } = columns;
  const entries: ExcludedEntry[] = [];
  for (let slot = 0; slot < end; slot++) {
    const isLive = phase[slot] === PHASE.open || phase[slot] === PHASE.closed;
    if (isLive && (flags[slot]! & FLAG.excluded) !== 0) entries.push([conntrackId[slot]!, kernelStartUs[slot]!]);
  }
  return entries;
}

/** All but those whose last row was collected, and those of which nothing is (or may be) told. Ended ones first, so that whoever links them in this order finds the living ones first. */
function slotsToKeep(table: FlowTable): Int32Array {
  const { phase, flags } = table.columns;
  const isTold = (slot: number) => (flags[slot]! & (FLAG.excluded | FLAG.held)) === 0;
  const slots = new Int32Array(table.size);
  let count = 0;
  for (let slot = 0; slot < table.end; slot++) if (phase[slot] === PHASE.ended && isTold(slot)) slots[count++] = slot;
  for (let slot = 0; slot < table.end; slot++) {
    if ((phase[slot] === PHASE.open || phase[slot] === PHASE.closed) && isTold(slot)) slots[count++] = slot;
  }
  return slots.subarray(0, count);
}
