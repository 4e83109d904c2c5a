/** One colour for each value that a chart is divided by, the same on every screen. */
import "./colors.css";

const SLOTS = 12;
export const OTHER_COLOR = "var(--series-other)";
/** Of flows that have no value. */
const NONE_COLOR = "var(--series-none)";

const TYPES = { node: 1, user: 4, extclient: 6, egress_route: 3, external: 2 } as const;
/** By the last part of the field's name: `src.type` and `type` are coloured alike. */
const FIXED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  protocol: { tcp: 1, udp: 2, icmp: 3, icmpv6: 8, sctp: 5 },
  direction: { ingress: 3, egress: 1 },
  type: TYPES,
  verdict: { answered: 3, refused: 2, unanswered: 6, denied: 7 },
  state: { open: 3, closed: 10, lost: 7 },
};
const ALIASES: Readonly<Record<string, string>> = { proto: "protocol" };

/**
 * Colours of the values of one chart, no two alike as long as there are no more than twelve. Which one a value gets depends on the value
 * and on no rank, so that it keeps it when the order changes.
 */
export function seriesColors(field: string, values: readonly (string | null)[]): string[] {
  const last = field.toLowerCase().split(/[._]/).at(-1) ?? "";
  const fixed = FIXED[ALIASES[last] ?? last] ?? {};
  const colors = new Map<string | null, string>([[null, NONE_COLOR]]);
  const taken = new Set<number>();
  for (const value of values) {
    const slot = value === null ? undefined : fixed[value];
    if (slot === undefined) continue;
    taken.add(slot);
    colors.set(value, colorOf(slot));
  }
  for (const value of [...values].sort()) {
    if (value === null || colors.has(value)) continue;
    let slot = 1 + (hashOf(value) % SLOTS);
    for (let tries = 0; taken.has(slot) && tries < SLOTS; tries++) slot = 1 + (slot % SLOTS);
    taken.add(slot);
    colors.set(value, colorOf(slot));
  }
  return values.map((value) => colors.get(value) ?? OTHER_COLOR);
}

function colorOf(slot: number): string {
  return `var(--series-${slot})`;
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
