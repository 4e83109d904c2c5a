/** Random lives of flows for property tests: what an agent (or another sender) tells of a flow from its beginning to its end. */
import fc from "fast-check";
import type { FlowRow } from "./test-batches.ts";

const TOTALS = ["src_bytes", "dst_bytes", "src_packets", "dst_packets"] as const;
const domain = fc.constantFrom(null, null, "a.example", "b.example");
const verdict = fc.constantFrom(null, "answered", "refused");
const moved = fc.tuple(fc.nat(5000), fc.nat(90), fc.nat(9), fc.nat(3));

/** Most updates come every ten seconds; some reporters are slow, and some flows live for hours. */
const pause = fc.oneof(
  { weight: 6, arbitrary: fc.constant(10_000) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 400_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1_000_000, max: 9_000_000 }) },
);

const update = fc.record({ pause, moved, domain, verdict });
const life = fc.record({
  startMs: fc.nat(3_600_000),
  updates: fc.array(update, { minLength: 1, maxLength: 6 }),
  /** Tells totals, and nothing of what each revision added. */
  totalsOnly: fc.boolean(),
  ending: fc.constantFrom("open", "closed", "closed", "closed", "lost", "closed, then final counters"),
});

/** Rows of several flows, of each in the order in which they were told. */
export function lives(sinceMs: number): fc.Arbitrary<FlowRow[][]> {
  return fc
    .array(life, { minLength: 4, maxLength: 9 })
    .map((all) =>
      all.map(({ startMs, updates, totalsOnly, ending }, id) =>
        rowsOf(String(id + 1), sinceMs + startMs, updates, totalsOnly, ending),
      ),
    );
}

type Update = typeof update extends fc.Arbitrary<infer T> ? T : never;

function rowsOf(flow_id: string, start: number, updates: readonly Update[], totalsOnly: boolean, ending: string): FlowRow[] {
  const totals = [0, 0, 0, 0];
  let last_seen = start;
  let known: { domain: string | null; verdict: string | null } = { domain: null, verdict: null };
  const endsAt = ending === "open" ? updates.length : updates.length - (ending.includes("final") ? 2 : 1);
  let end: number | null = null;
  return updates.map(({ pause: ms, moved: added, domain: name, verdict: word }, revision) => {
    const since = last_seen;
    last_seen += revision === 0 ? 0 : ms;
    for (const [i, amount] of added.entries()) totals[i] = (totals[i] ?? 0) + amount;
    known = { domain: known.domain ?? name, verdict: word ?? known.verdict };
    const isOver = revision >= endsAt;
    if (isOver) end ??= last_seen;
    return {
      flow_id,
      revision,
      start,
      since,
      last_seen,
      received: last_seen + 500,
      state: !isOver ? "open" : ending === "lost" ? "lost" : "closed",
      end: isOver && ending !== "lost" ? end : null,
      ...known,
      ...Object.fromEntries(TOTALS.map((total, i) => [total, isOver || !totalsOnly ? totals[i] : null])),
      ...(totalsOnly ? {} : Object.fromEntries(TOTALS.map((total, i) => [`${total}_delta`, added[i]]))),
    };
  });
}
