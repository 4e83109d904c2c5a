/** Rows of flows by their keys. */
import { allOf, type FlowKey, moment, type Sql } from "./sql.ts";

/** Keys are bound parameters, which are part of the request's address: so many fit. */
const KEYS_AT_ONCE = 400;

/** Asks for so many keys at once as a request holds. */
export async function byKeys<T>(keys: readonly FlowKey[], ask: (where: Sql) => Promise<readonly T[]>): Promise<T[]> {
  const found: T[] = [];
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) found.push(...(await ask(haveKeys(keys.slice(at, at + KEYS_AT_ONCE)))));
  return found;
}

function haveKeys(keys: readonly FlowKey[]): Sql {
  const starts = keys.map(({ startMs }) => startMs);
  return allOf(
    {
      // What the index on days can use.
      text: `start >= ${moment("key_from")} AND start <= ${moment("key_to")}`,
      bindings: { key_from: Math.min(...starts), key_to: Math.max(...starts) },
    },
    {
      // As a subquery, a list of keys is found by the primary index; as an array it is compared with every row.
      text:
        "(start, flow_id, reporter_id) IN (SELECT fromUnixTimestamp64Milli(k.1, 'UTC'), k.2, k.3 FROM " +
        "(SELECT arrayJoin(arrayZip({starts:Array(Int64)}, {ids:Array(UInt64)}, {reporters:Array(String)})) AS k))",
      bindings: { starts, ids: keys.map(({ flowId }) => BigInt(flowId)), reporters: keys.map(({ reporterId }) => reporterId) },
    },
  );
}

/** Equal where the keys are. */
export function keyText({ startMs, flowId, reporterId }: FlowKey): string {
  return `${startMs} ${flowId} ${reporterId}`;
}

export function byText<T extends { readonly key: FlowKey }>(rows: readonly T[]): Map<string, T> {
  return new Map(rows.map((row) => [keyText(row.key), row]));
}
