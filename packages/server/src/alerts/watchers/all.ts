/** Watchers for what no filter and limit can say. */
import type { Watcher } from "../watcher.ts";

export const NAMED_WATCHERS: readonly Watcher[] = [];
