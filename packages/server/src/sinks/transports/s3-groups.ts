/** Which events go into which object: by network, and by the hour in which they happened. */
import { createHash } from "node:crypto";
import { happened, told } from "../formats/field.ts";
import type { SinkEvent } from "../ports.ts";

export interface Group {
  /** Of the object, without its extension. The same events have the same one. */
  readonly name: string;
  readonly events: readonly SinkEvent[];
  /** Of each of them among those that were given. */
  readonly indexes: readonly number[];
}

/** Names as Hive, Spark, Athena and ClickHouse read them as columns. */
export function groupsOf(all: readonly SinkEvent[]): Group[] {
  const groups = new Map<string, { events: SinkEvent[]; indexes: number[] }>();
  all.forEach((event, index) => {
    const at = happened(told(event));
    const folder = `network=${plain(String(event.flow.network))}/date=${at.slice(0, 10)}/hour=${at.slice(11, 13)}`;
    const group = groups.get(folder) ?? { events: [], indexes: [] };
    groups.set(folder, group);
    group.events.push(event);
    group.indexes.push(index);
  });
  return [...groups].map(([folder, group]) => ({ ...group, name: `${folder}/${nameOf(group.events)}` }));
}

/** When the first of them was stored, so that a list is in order, and a hash of which they are. */
function nameOf(events: readonly SinkEvent[]): string {
  const hash = createHash("sha256");
  for (const { id, version } of events) hash.update(`${id} ${version}\n`);
  const first = new Date(events.reduce((least, { storedMs }) => Math.min(least, storedMs), Number.MAX_SAFE_INTEGER));
  return `${first.toISOString().replaceAll(/[-:]/g, "")}-${hash.digest("hex").slice(0, 24)}`;
}

/** Networks are named by people. */
function plain(name: string): string {
  return name.replaceAll(/[^\w.-]/g, "_").slice(0, 100);
}
