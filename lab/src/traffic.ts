/** Runs a scenario in a lab. */
import { Bed, type BedOptions } from "./bed.ts";
import type { LabConnection } from "./connection.ts";
import { LabError } from "./errors.ts";
import { scenarios } from "./scenarios/catalogue.ts";
import type { ScenarioOptions } from "./scenarios/scenario.ts";
import { type LabRef, requireLab } from "./state.ts";

export interface TrafficOptions extends BedOptions, ScenarioOptions {
  onProgress?: (message: string) => void;
}

export interface TrafficResult {
  lab: string;
  scenario: string;
  /** Why nothing was done, or null. */
  skipped: string | null;
  /** ms UTC */
  startedAt: number;
  endedAt: number;
  connections: LabConnection[];
  /** Connections that were made but are not listed: there were too many. */
  omitted: number;
}

/** Name → what it does. */
export const labScenarios: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(scenarios).map(([name, scenario]) => [name, scenario.title]),
);

/**
 * Runs one scenario to its end, or until `signal`: then the result has what was done so far. `onConnection` hears of a TCP connection as soon as it stands
 * (`endedAt` null), and of each connection at its end.
 * @throws LabError LAB_NOT_UP, LAB_UNKNOWN_SCENARIO, LAB_PEER_FAILED
 */
export async function labTraffic(ref: LabRef, scenario: string, options: TrafficOptions = {}): Promise<TrafficResult> {
  const known = Object.keys(scenarios);
  const found = Object.hasOwn(scenarios, scenario) ? scenarios[scenario] : undefined;
  if (!found)
    throw new LabError(
      { code: "LAB_UNKNOWN_SCENARIO", scenario, known },
      `there is no scenario "${scenario}"; there are ${known.join(", ")}`,
    );
  const { masquerade } = requireLab(ref);
  const startedAt = Date.now();
  const bed = new Bed(ref.name, masquerade, options);
  options.onProgress?.(`${scenario}: ${found.title}`);
  let skipped: string | null = null;
  try {
    skipped = (await found.run(bed, options)) ?? null;
  } catch (error) {
    // Stopping takes the orders back from the peers, which is why they fail.
    if (!options.signal?.aborted) throw error;
  } finally {
    await bed.close();
  }
  if (skipped) options.onProgress?.(`skipped: ${skipped}`);
  return { lab: ref.name, scenario, skipped, startedAt, endedAt: Date.now(), connections: bed.connections, omitted: bed.omitted };
}
