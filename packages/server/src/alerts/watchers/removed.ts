/** An address that belonged to a node, a device or a config file that was removed or disabled still talks. */
import { type Finding, formatAddress, formatDuration } from "@flowtrail/model";
import { z } from "zod";
import { isAgents } from "../../identify/attribution/order.ts";
import type { InventoryHistory } from "../../identify/history/history.ts";
import type { Holding } from "../../identify/holding.ts";
import type { Watcher } from "../watcher.ts";
import { addressText, answeredText, evidence, MOST_GROUPS, ofBegun } from "./begun.ts";

const removedSettings = z.strictObject({
  grace_s: z.number().int().min(0).max(86_400).default(600).describe("What was open may end, and what was told late may come"),
  days: z.number().int().min(1).max(365).default(30).describe("Who is gone for longer is forgotten"),
});
type RemovedSettings = z.infer<typeof removedSettings>;

/** Who had an address that is nobody's now. */
export interface Gone {
  readonly network: string;
  readonly address: string;
  readonly what: string;
  readonly name: string;
  readonly sinceMs: number;
}

const KINDS: Readonly<Record<string, string>> = { node: "node", user: "device of user", extclient: "config file" };
const MOST_ADDRESSES = 5000;
const DAY_MS = 86_400_000;

interface Row {
  readonly network: string;
  readonly address: string;
  readonly sent: string;
  readonly connections: string;
  readonly answered: string;
  readonly last_ms: string;
}

export const removedWatcher: Watcher<RemovedSettings> = {
  kind: "removed",
  settings: removedSettings,
  notOnHistory: null,
  async look({ filter, settings }, window, tools) {
    const gone = goneBefore(tools.inventory, window.toMs, settings);
    if (gone.length === 0) return [];
    const byKey = new Map(gone.map((one) => [`${one.network} ${one.address}`, one]));
    const rows = await ofBegun<Row>(
      { filter, window, tools },
      ["network", "src_ip", "dst_ip", "verdict"],
      (begun) =>
        "SELECT network, address, countIf(is_src) AS sent, count() AS connections, countIf(answer) AS answered, " +
        "toUnixTimestamp64Milli(max(at)) AS last_ms FROM (SELECT network, start AS at, ifNull(verdict = 'answered', false) AS answer, " +
        "arrayJoin([(src_ip, true), (dst_ip, false)]) AS end, toString(end.1) AS address, end.2 AS is_src " +
        `FROM (${begun}) WHERE src_ip IN {gone:Array(IPv6)} OR dst_ip IN {gone:Array(IPv6)}) ` +
        // Who is only asked for is not there: others have not noticed yet.
        "WHERE toIPv6(address) IN {gone:Array(IPv6)} AND (is_src OR answer) GROUP BY network, address ORDER BY connections DESC LIMIT {most:UInt32}",
      { gone: gone.slice(0, MOST_ADDRESSES).map(({ address }) => address), most: MOST_GROUPS },
    );
    return rows.flatMap((row): Finding[] => {
      const address = addressText(row.address);
      const was = byKey.get(`${row.network} ${address}`);
      const lastMs = Number(row.last_ms);
      if (was === undefined || lastMs < was.sinceMs + settings.grace_s * 1000) return [];
      return [
        {
          labels: { network: row.network, ip: address, name: was.name },
          value: Number(row.connections),
          limit: 1,
          summary:
            `${was.name} still talks as ${address}: the ${was.what} was removed or disabled ${formatDuration(lastMs - was.sinceMs)} before ` +
            `(${answeredText(Number(row.connections), Number(row.answered))})`,
          q: evidence(filter, row.network, [{ kind: "is", field: "ip", values: [address], not: false }]),
          fromMs: window.fromMs,
          toMs: window.toMs,
        },
      ];
    });
  },
};

/**
 * Addresses of who was gone then, and is there under no other address; what somebody else has since is theirs. Whom people or the control plane
 * removed, agents don't bring back: the gateway that still has the peer, and the node's own agent, are what there is to tell of.
 */
export function goneBefore(
  history: Pick<InventoryHistory, "networks" | "holdings">,
  atMs: number,
  { days }: Pick<RemovedSettings, "days">,
): Gone[] {
  return history.networks().flatMap((network) => {
    const all = history.holdings(network);
    const there = all.filter(({ fromMs, toMs }) => fromMs <= atMs && toMs > atMs);
    const byAnybody = present(there);
    const byOthers = present(described(there));
    const gone = new Map<string, Gone>();
    for (const holding of all) {
      const { toMs, participant, kind } = holding;
      const what = KINDS[participant.type];
      if (kind !== "address" || toMs > atMs || toMs < atMs - days * DAY_MS || what === undefined) continue;
      const address = addressOf(holding);
      const { addresses, people } = isAgents(holding) ? byAnybody : byOthers;
      if (addresses.has(address) || people.has(personOf(holding)) || (gone.get(address)?.sinceMs ?? 0) > toMs) continue;
      gone.set(address, { network, address, what, name: participant.name ?? participant.id ?? address, sinceMs: toMs });
    }
    return [...gone.values()];
  });
}

/**
 * What people or the control plane say, and what agents say of those whom these know. All of it where only agents tell of a network (any more).
 */
function described(there: readonly Holding[]): readonly Holding[] {
  const told = there.filter((holding) => !isAgents(holding));
  if (told.length === 0) return there;
  const known = new Set(told.map(personOf));
  return there.filter((holding) => !isAgents(holding) || known.has(personOf(holding)));
}

function present(holdings: readonly Holding[]) {
  const held = holdings.filter(({ kind }) => kind === "address");
  return { addresses: new Set(held.map(addressOf)), people: new Set(held.map(personOf)) };
}

const addressOf = ({ cidr }: Holding) => formatAddress(cidr.bytes);
/** A user whose one device is gone has others. */
const personOf = ({ participant: { type, id, device } }: Holding) => JSON.stringify([type, id, device]);
