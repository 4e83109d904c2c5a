/** Agents that say nothing any more, and agents whose clocks are wrong: what is recorded is then less, or not when it was. */
import { type Finding, formatDuration } from "@flowtrail/model";
import { z } from "zod";
import { columnIs } from "../../query/filters.ts";
import type { Watcher } from "../watcher.ts";
import { evidence } from "./begun.ts";

const silentSettings = z.strictObject({
  least_s: z.number().int().min(5).max(604_800).default(300).describe("So long without a word"),
  forget_days: z.number().int().min(1).max(365).default(7).describe("Who is silent for longer is taken for removed"),
});
type SilentSettings = z.infer<typeof silentSettings>;

const skewSettings = z.strictObject({
  least_s: z.number().min(0.1).max(86_400).default(30).describe("So far from the server's clock"),
});
type SkewSettings = z.infer<typeof skewSettings>;

const NOT_ON_HISTORY = "it looks at agents as they are now: how they were is not kept";
const DAY_MS = 86_400_000;

/** @param isRemoved its token was taken back: nobody waits for it */
export function agentSilentWatcher(isRemoved: (reporterId: string) => boolean): Watcher<SilentSettings> {
  return {
    kind: "agent-silent",
    settings: silentSettings,
    notOnHistory: NOT_ON_HISTORY,
    graceMs: ({ least_s }) => least_s * 1000,
    async look({ filter, settings }, _window, tools) {
      return tools.agents().flatMap((agent): Finding[] => {
        const seenMs = Date.parse(agent.last_seen);
        const silentMs = tools.nowMs - seenMs;
        const isOver = isRemoved(agent.reporter_id) || agent.off_by_settings || silentMs > settings.forget_days * DAY_MS;
        if (isOver || silentMs < settings.least_s * 1000) return [];
        return [
          {
            labels: { reporter: agent.reporter },
            value: Math.round(silentMs / 1000),
            limit: settings.least_s,
            summary: `the agent on ${agent.reporter} has said nothing for ${formatDuration(silentMs)}: nobody knows what happens there`,
            q: evidence(filter, null, [columnIs("reporter", [agent.reporter])]),
            // What it said last is the evidence, too.
            fromMs: seenMs - 60_000,
            toMs: tools.nowMs,
          },
        ];
      });
    },
  };
}

export const clockSkewWatcher: Watcher<SkewSettings> = {
  kind: "clock-skew",
  settings: skewSettings,
  notOnHistory: NOT_ON_HISTORY,
  async look({ filter, settings }, window, tools) {
    return tools.agents().flatMap((agent): Finding[] => {
      const skewMs = agent.clock_skew_ms;
      if (skewMs === null || agent.silent || Math.abs(skewMs) < settings.least_s * 1000) return [];
      return [
        {
          labels: { reporter: agent.reporter },
          value: Math.round(Math.abs(skewMs)) / 1000,
          limit: settings.least_s,
          summary: `the clock of ${agent.reporter} is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? "fast" : "slow"}: its flows are told at the wrong time`,
          q: evidence(filter, null, [columnIs("reporter", [agent.reporter])]),
          fromMs: window.fromMs,
          toMs: window.toMs,
        },
      ];
    });
  },
};
