/** What a reporter did report of connections that others reported, too: by the same tuples, as they were or as they were translated. */
import type { Editions, StoredFlow, StoredValues } from "../../store/editions.ts";

/** Clocks of two nodes differ. */
const SLACK_MS = 5_000;

interface Lived {
  readonly startMs: number;
  readonly endMs: number;
}

export class ReportsThere {
  /** By reporter and tuple. */
  readonly #lives: ReadonlyMap<string, readonly Lived[]>;
  readonly #lingerMs: number;

  private constructor(lives: ReadonlyMap<string, readonly Lived[]>, lingerMs: number) {
    this.#lives = lives;
    this.#lingerMs = lingerMs;
  }

  /**
   * What any of these reporters said of any of these flows: one question, however many they are.
   * @param lingerMs how long after a flow's end another agent may still find and report it
   * @throws StoreError, or the signal's reason
   */
  static async read(
    reporterIds: readonly string[],
    flows: readonly StoredFlow[],
    editions: Pick<Editions, "reportsOf">,
    lingerMs: number,
    signal: AbortSignal,
  ): Promise<ReportsThere> {
    const lives = new Map<string, Lived[]>();
    if (flows.length > 0 && reporterIds.length > 0) {
      const [starts, ends] = [flows.map(({ startMs }) => startMs), flows.map(({ values }) => lifeOf(values).endMs)];
      const query = {
        reporterIds,
        addresses: [...new Set(flows.flatMap(({ values }) => sourcesOf(values)))],
        ports: [...new Set(flows.flatMap(({ values }) => portsOf(values)))],
        fromMs: Math.min(...starts) - SLACK_MS,
        toMs: Math.max(...ends) + lingerMs,
      };
      for (const values of await editions.reportsOf(query, signal)) {
        for (const tuple of keysOf(values)) {
          const key = `${values.reporter_id} ${tuple}`;
          const known = lives.get(key);
          if (known === undefined) lives.set(key, [lifeOf(values)]);
          else known.push(lifeOf(values));
        }
      }
    }
    return new ReportsThere(lives, lingerMs);
  }

  has(reporterId: string, { values }: StoredFlow): boolean {
    const { startMs, endMs } = lifeOf(values);
    return keysOf(values).some((key) =>
      this.#lives
        .get(`${reporterId} ${key}`)
        ?.some((one) => one.startMs <= endMs + this.#lingerMs && one.endMs >= startMs - SLACK_MS),
    );
  }
}

function lifeOf({ start, end, last_seen, state }: StoredValues): Lived {
  return {
    startMs: Date.parse(String(start)),
    endMs: state === "open" ? Date.now() : Date.parse(String(end ?? last_seen)),
  };
}

function portsOf({ src_port, nat_src_port, icmp_id }: StoredValues): number[] {
  return [src_port, nat_src_port, icmp_id, 0].flatMap((port) => (port === null || port === undefined ? [] : Number(port)));
}

function sourcesOf({ src_ip, nat_src_ip }: StoredValues): string[] {
  return [src_ip, nat_src_ip].flatMap((address) => (address === null || address === undefined ? [] : String(address)));
}

/** Its tuple on both sides of every translation that its reporter made. */
function keysOf(values: StoredValues): string[] {
  const { network, protocol, icmp_id, src_ip, src_port, nat_src_ip, nat_src_port, dst_ip, dst_port, nat_dst_ip, nat_dst_port } =
    values;
  const sources = [`${src_ip} ${src_port}`, `${nat_src_ip ?? src_ip} ${nat_src_port ?? src_port}`];
  const destinations = [`${dst_ip} ${dst_port}`, `${nat_dst_ip ?? dst_ip} ${nat_dst_port ?? dst_port}`];
  const keys = sources.flatMap((source) =>
    destinations.map((destination) => `${network} ${protocol} ${icmp_id} ${source} ${destination}`),
  );
  return [...new Set(keys)];
}
