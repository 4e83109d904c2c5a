/**
 * Rows per second of CPU of FlowBatch's hot paths on one core: Arrow encode and decode, addAll (the server's group commit), filter.
 * `node test/bench/model.ts [--json] [--rows 10000]`: prints the median and the best of the rounds.
 */
import { parseArgs } from "node:util";
import {
  COLUMN_LIST,
  type Column,
  type ColumnName,
  decodeBatch,
  encodeBatch,
  FlowBatch,
  SENDER_COLUMNS,
} from "../../packages/model/src/index.ts";

const ROUNDS = 15;
/** The clock of CPU time is coarse, so a round is many calls. */
const CALLS = 30;
const WARM_UP = 50;

/** How many different texts a column has among a busy node's rows; the others have as many as `domain`. */
const TEXTS: Partial<Record<ColumnName, number>> = {
  reporter_id: 1,
  reporter: 1,
  reporter_type: 1,
  network: 3,
  rule: 10,
  app: 5,
};

/** Rows as a busy node makes them: a few hundred names, many addresses, every `nullEvery`th optional value missing. */
function sampleBatch(rows: number, nullEvery: number): FlowBatch {
  const batch = new FlowBatch(rows);
  batch.addRows(rows);
  const address = new Uint8Array(16).fill(0xff, 10, 12);
  for (const [place, column] of COLUMN_LIST.entries()) {
    for (let row = 0; row < rows; row++) {
      if (column.optional && (row + place) % nullEvery === 0) continue;
      fill(batch, column, row, address);
    }
  }
  return batch;
}

function fill(batch: FlowBatch, column: Column, row: number, address: Uint8Array): void {
  const mixed = Math.imul(row + 1, 2654435761) >>> 0;
  const values = column.values ?? [];
  const { name } = column;
  switch (column.type) {
    case "address":
      new DataView(address.buffer).setUint32(12, mixed);
      batch.columns[name as "src_ip"].set(row, address);
      break;
    case "text":
      batch.columns[name as "domain"].set(row, `${name}-${mixed % (TEXTS[name] ?? 300)}.example.net`);
      break;
    case "enum":
      batch.columns[name as "state"].setCode(row, mixed % values.length);
      break;
    case "bool":
      batch.columns[name as "primary"].set(row, (mixed & 1) === 1);
      break;
    case "time":
      batch.columns[name as "start"].set(row, 1_790_000_000_000 + row);
      break;
    case "u64":
      batch.columns[name as "flow_id"].setWords(row, mixed, name === "flow_id" ? row : 0);
      break;
    default:
      batch.columns[name as "src_port"].set(row, mixed & 0xff);
  }
}

/** Milliseconds of CPU of one call, of each round, sorted: this thread's own, so that what else runs on the machine disturbs less. */
function measure(work: () => unknown): number[] {
  for (let i = 0; i < WARM_UP; i++) work();
  const times = Array.from({ length: ROUNDS }, () => {
    const from = process.threadCpuUsage();
    for (let i = 0; i < CALLS; i++) work();
    const { user, system } = process.threadCpuUsage(from);
    return (user + system) / 1000 / CALLS;
  });
  return times.sort((a, b) => a - b);
}

const { values: options } = parseArgs({ options: { json: { type: "boolean" }, rows: { type: "string", default: "10000" } } });
const rows = Number(options.rows);
const limits = { maxRows: rows };
const full = sampleBatch(rows, 10);
const wire = encodeBatch(full);
const senderWire = encodeBatch(full, { columns: SENDER_COLUMNS });
const parts = Array.from({ length: 10 }, (_, part) => full.filter((row) => row % 10 === part));

const tasks: Record<string, () => unknown> = {
  [`encode, all ${COLUMN_LIST.length} columns`]: () => encodeBatch(full),
  [`encode, a sender's ${SENDER_COLUMNS.length} columns`]: () => encodeBatch(full, { columns: SENDER_COLUMNS }),
  [`decode, a sender's ${SENDER_COLUMNS.length} columns`]: () => decodeBatch(senderWire, limits),
  "decode, all columns sent (the server's are skipped)": () => decodeBatch(wire, limits),
  "addAll of ten batches": () => {
    const all = new FlowBatch(rows);
    for (const part of parts) all.addAll(part);
  },
  "filter, half of the rows": () => full.filter((row) => row % 2 === 0),
  "filter, all but 1 in 1,000": () => full.filter((row) => row % 1000 !== 0),
};
const results = Object.entries(tasks).map(([task, work]) => {
  const times = measure(work);
  const rate = (ms: number): number => Number((rows / ms / 1000).toFixed(2));
  return { task, "M rows/s (median)": rate(times[ROUNDS >> 1] ?? 0), "M rows/s (best)": rate(times[0] ?? 0) };
});
const perRow = { all: wire.length / rows, sender: senderWire.length / rows };
if (options.json) console.log(JSON.stringify({ rows, results, bytesPerRow: perRow }));
else {
  console.table(results);
  console.log(
    `${rows} rows; ${perRow.sender.toFixed(1)} B/row from a sender, ${perRow.all.toFixed(1)} B/row with all columns, before zstd`,
  );
}
