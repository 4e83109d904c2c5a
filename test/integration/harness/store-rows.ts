/** Some hours of made-up traffic of three nodes as their agents would deliver it, the same each time. */

type Row = Readonly<Record<string, unknown>>;

export interface Upload {
  readonly node: string;
  readonly sequence: number;
  readonly rows: readonly Row[];
}

const HOUR_MS = 3_600_000;
const SPREAD_MS = 5 * HOUR_MS;
const NODES = ["alpha", "beta", "gamma"] as const;
const DOMAINS = ["example.com", "cdn.example.net", "häuser.example", "api.test", null];
const PROTOCOLS = [6, 17, 1] as const;
const UPDATES = 3;

export const INVENTORY = `networks:
  - id: netmaker
    ranges: [100.64.0.0/24]
    nodes:
${NODES.map((name, i) => `      - { id: n-${name}, name: ${name}, addresses: [100.64.0.${i + 1}] }`).join("\n")}
    users:
      - id: ada@example.com
        devices: [{ name: laptop, addresses: [100.64.0.20], gateway: alpha }]
`;

/** @param endMs when the last one ended */
export function uploadsOf(endMs: number, flows = 400): Upload[] {
  const random = generator(7);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const uploads: Upload[] = NODES.map((node) => ({ node, sequence: 1, rows: [] }));
  const rows = uploads.map(() => [] as Row[]);
  for (let i = 0; i < flows; i++) {
    const from = Math.floor(random() * NODES.length);
    const to = random() < 0.4 ? (from + 1) % NODES.length : null;
    const lifeMs = i % 25 === 0 ? 2.5 * HOUR_MS : Math.floor(random() * 90_000);
    const startMs = endMs - lifeMs - Math.floor(random() * SPREAD_MS);
    const protocol = pick(PROTOCOLS);
    const isOpen = i % 30 === 1;
    const flow = {
      flow_id: String(1_000_000 + i * 7919),
      network: "netmaker",
      protocol,
      src_ip: random() < 0.1 ? "100.64.0.20" : `100.64.0.${from + 1}`,
      dst_ip: to === null ? `203.0.113.${Math.floor(random() * 20)}` : `100.64.0.${to + 1}`,
      ...(protocol === 1 ? { icmp_type: 8, icmp_id: i } : { src_port: 30_000 + i, dst_port: pick([443, 53, 22, 40_000]) }),
      domain: to === null ? pick(DOMAINS) : null,
      start: iso(startMs),
    };
    const bytes = Math.floor(Math.exp(4 + random() * 10));
    const revisions = isOpen || lifeMs > HOUR_MS ? UPDATES : 1;
    for (let revision = 0; revision < revisions; revision++) {
      const part = (revision + 1) / revisions;
      const lastMs = startMs + Math.floor(lifeMs * part);
      const sofar = Math.floor(bytes * part);
      const before = Math.floor((bytes * revision) / revisions);
      const ended = revision === revisions - 1 && !isOpen;
      const report = {
        ...flow,
        revision,
        last_seen: iso(lastMs),
        since: iso(startMs + Math.floor((lifeMs * revision) / revisions)),
        src_bytes: sofar,
        dst_bytes: sofar * 3,
        src_packets: revision + 1,
        dst_packets: revision + 2,
        src_bytes_delta: sofar - before,
        dst_bytes_delta: (sofar - before) * 3,
        src_packets_delta: revision === 0 ? 1 : 1,
        dst_packets_delta: revision === 0 ? 2 : 1,
        state: ended ? "closed" : "open",
        ...(ended ? { end: iso(lastMs), end_reason: "finished", verdict: "answered" } : {}),
      };
      rows[from]?.push({ ...report, reporter: NODES[from], direction: "egress", role: "initiator" });
      if (to !== null) rows[to]?.push({ ...report, reporter: NODES[to], direction: "ingress", role: "responder" });
    }
  }
  // One that can't be stored.
  rows[0]?.push({ ...rows[0][0], flow_id: "5", src_ip: "not an address" });
  return uploads.flatMap(({ node }, i) => cut(rows[i] ?? [], 150).map((some, at) => ({ node, sequence: at + 1, rows: some })));
}

function cut<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) => values.slice(i * size, (i + 1) * size));
}

const iso = (ms: number) => new Date(ms).toISOString();

/** Numbers in [0, 1): a linear congruential generator (Numerical Recipes). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
