/** The engine's own limit: the same rows again, as prepared Native blocks, straight into tables like ours, with nothing else around. */
import type { Endpoint } from "../../../packages/server/src/store/endpoint.ts";
import { FLOW_DELTAS, FLOWS } from "../../../packages/server/src/store/schema/flow-tables.ts";
import { createTable, type Table } from "../../../packages/server/src/store/schema/table.ts";

export interface NativeResult {
  readonly table: string;
  readonly rows: number;
  readonly seconds: number;
  readonly cpuMs: number;
}

const BLOCK = 50_000;

/** @param cpuMs of the engine so far */
export async function plainInserts(
  endpoint: Endpoint,
  database: string,
  mostRows: number,
  cpuMs: () => number,
): Promise<NativeResult[]> {
  const send = (sql: string, body?: Uint8Array<ArrayBuffer>) => call(endpoint, database, sql, body);
  const results: NativeResult[] = [];
  for (const like of [FLOWS, FLOW_DELTAS]) {
    const table: Table = { ...like, name: `bench_plain_${like.name}` };
    const columns = like.columns.filter(({ default: value }) => value === undefined).map(({ name }) => name);
    await send(createTable(table));
    const blocks: Uint8Array<ArrayBuffer>[] = [];
    let rows = 0;
    for (let offset = 0; offset < mostRows; offset += BLOCK) {
      const key = like.orderBy.join(", ");
      const block = await send(
        `SELECT ${columns.join(", ")} FROM ${like.name} ORDER BY ${key} LIMIT ${BLOCK} OFFSET ${offset} FORMAT Native`,
      );
      if (block.length === 0) break;
      const counted = await send(`SELECT count() FROM (SELECT 1 FROM ${like.name} LIMIT ${BLOCK} OFFSET ${offset}) FORMAT TSV`);
      const there = Number(Buffer.from(counted).toString());
      blocks.push(block);
      rows += there;
      if (there < BLOCK) break;
    }
    const [began, cpu] = [performance.now(), cpuMs()];
    for (const block of blocks) await send(`INSERT INTO ${table.name} (${columns.join(", ")}) FORMAT Native`, block);
    results.push({ table: like.name, rows, seconds: (performance.now() - began) / 1000, cpuMs: cpuMs() - cpu });
    await send(`DROP TABLE ${table.name}`);
  }
  return results;
}

async function call(
  { url, username, password, headers }: Endpoint,
  database: string,
  sql: string,
  body?: Uint8Array<ArrayBuffer>,
) {
  const response = await fetch(`${url}/?${new URLSearchParams({ database, query: sql })}`, {
    method: "POST",
    headers: { ...headers, "X-ClickHouse-User": username, "X-ClickHouse-Key": password },
    body: body ?? "",
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${response.status}: ${Buffer.from(bytes).toString().slice(0, 300)}`);
  return bytes;
}
