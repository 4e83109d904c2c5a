/** The three witnesses compared: what was lost, what is there twice, what is excused and why. */
import type { ChaosBed, Excuse } from "./bed.ts";
import { numberOf } from "./flow-number.ts";

/** What the store has of a flow. */
export interface Stored {
  rows: number;
  open: number;
}

export interface Verdict {
  readonly flows: number;
  readonly acknowledged: number;
  /** Not in the store, or never ended there, and not excused. */
  readonly lost: readonly number[];
  /** Of the lost and the excused: those of which the server had said that they are stored. There is no excuse for that. */
  readonly broken: readonly number[];
  /** Rows beyond those that the kernel knows of. */
  readonly doubled: readonly number[];
  /** By reason. */
  readonly excused: Readonly<Record<string, number>>;
}

/** All flows of the bed that the store has of a time, by their numbers. Null: it does not answer. */
export async function readStore(bed: ChaosBed, fromMs: number, toMs: number): Promise<Map<number, Stored> | null> {
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  const path = `/api/flows/export?format=csv&columns=protocol,src_port,dst_port,state&from=${from}&to=${to}`;
  const text = await bed.export(path);
  if (text === null) return null;
  const found = new Map<number, Stored>();
  for (const line of text.split("\n").slice(1)) {
    const [protocol = "", source = "", target = "", state = ""] = line.trim().split(",");
    const number = numberOf(Number(protocol), Number(source), Number(target));
    if (number === null) continue;
    const stored = found.get(number) ?? { rows: 0, open: 0 };
    stored.rows++;
    if (state === "open") stored.open++;
    found.set(number, stored);
  }
  return found;
}

/**
 * Compares flows that the kernel has seen end.
 * @param numbers those that are looked at
 * @param beforeMs those that ended later are not looked at
 */
export function judge(
  bed: ChaosBed,
  numbers: readonly number[],
  stored: ReadonlyMap<number, Stored>,
  beforeMs = Number.POSITIVE_INFINITY,
): Verdict {
  const { ledger } = bed;
  const [lost, broken, doubled]: [number[], number[], number[]] = [[], [], []];
  const excused: Record<string, number> = {};
  const left = new Map<Excuse, number>(bed.excuses.map((excuse) => [excuse, excuse.atMost?.() ?? Number.POSITIVE_INFINITY]));
  let acknowledged = 0;
  for (const number of numbers) {
    const { rows, open } = stored.get(number) ?? { rows: 0, open: 0 };
    const isAcknowledged = ledger.acknowledged.at(number) > 0;
    if (isAcknowledged) acknowledged++;
    if (rows > ledger.born.at(number)) doubled.push(number);
    const died = ledger.died.at(number);
    if (died === 0 || ledger.diedMs.at(number) > beforeMs) continue;
    const needed = bed.excuses.length > 0 ? 1 : died;
    if (rows >= needed && open === 0) continue;
    const reason = rows === 0 ? reasonOf(bed, number, left) : null;
    if (isAcknowledged && rows === 0) broken.push(number);
    if (reason === null) lost.push(number);
    else excused[reason] = (excused[reason] ?? 0) + 1;
  }
  return { flows: numbers.length, acknowledged, lost, broken, doubled, excused };
}

/** Why nothing is stored of a flow; null: there is no excuse. */
function reasonOf(bed: ChaosBed, number: number, left: Map<Excuse, number>): string | null {
  const single = bed.excused.get(number);
  if (single !== undefined) return single;
  const bornMs = bed.ledger.bornMs.at(number);
  const diedMs = bed.ledger.diedMs.at(number);
  for (const [excuse, count] of left) {
    if (count <= 0 || bornMs < excuse.fromMs || diedMs > excuse.toMs) continue;
    left.set(excuse, count - 1);
    return excuse.reason;
  }
  return null;
}
