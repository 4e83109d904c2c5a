/** The store will be full soon, and what should be kept would go. */
import { type Finding, formatBytes } from "@flowtrail/model";
import { z } from "zod";
import type { Watcher } from "../watcher.ts";

const diskSettings = z.strictObject({
  least_days: z.number().min(0).max(365).default(7).describe("Full within so many days"),
});
type DiskSettings = z.infer<typeof diskSettings>;

export const diskWatcher: Watcher<DiskSettings> = {
  kind: "disk",
  settings: diskSettings,
  notOnHistory: "it looks at the disk as it is now: how it was is not kept",
  async look({ settings }, window, tools) {
    const report = await tools.storage();
    if (report === null) return [];
    const { size, forecast, settings: policy, problem } = report;
    const days = forecast.full_in_days;
    const isShort = days !== null && days <= settings.least_days && (forecast.kept_days ?? policy.flows_days) < policy.flows_days;
    if (!isShort && problem === null) return [];
    const limit = size.limit_bytes === null ? "" : ` of ${formatBytes(size.limit_bytes)}`;
    const summary =
      problem === null
        ? `the store is full ${days === 0 ? "now" : `in ${days} days`} (${formatBytes(size.bytes)}${limit}): ` +
          `flows will be kept for ${forecast.kept_days ?? 0} days instead of ${policy.flows_days}`
        : `old rows can't be deleted, so that the store grows (${formatBytes(size.bytes)}${limit}): ${problem}`;
    const finding: Finding = {
      labels: {},
      value: days ?? 0,
      limit: settings.least_days,
      summary,
      q: "",
      fromMs: window.fromMs,
      toMs: window.toMs,
    };
    return [finding];
  },
};
