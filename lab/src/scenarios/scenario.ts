import type { Bed } from "../bed.ts";
import type { Family } from "../topology.ts";

export interface ScenarioOptions {
  /** Default: IPv4 and then IPv6. */
  family?: Family;
  /** How many connections, datagrams or pings. */
  count?: number;
  /** How many bytes. */
  bytes?: number;
  /** How long. */
  seconds?: number;
}

export interface Scenario {
  readonly title: string;
  /** Returns why it was skipped, or nothing. */
  run(bed: Bed, options: ScenarioOptions): Promise<string | undefined>;
}

export const families = (options: ScenarioOptions): Family[] => (options.family ? [options.family] : [4, 6]);

/** A scenario that does the same over each address family. */
export function perFamily(
  title: string,
  run: (bed: Bed, family: Family, options: ScenarioOptions) => Promise<unknown>,
): Scenario {
  return {
    title,
    async run(bed, options) {
      for (const family of families(options)) await run(bed, family, options);
      return undefined;
    },
  };
}
