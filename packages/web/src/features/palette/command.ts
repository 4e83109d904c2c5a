import type { IconProps } from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { Matchable } from "./match.ts";

/** In this order where nothing is typed. */
export const GROUPS = ["Go to", "Filter", "Found", "Queries", "Time", "Network", "Page"] as const;

export interface Command extends Matchable {
  /** One of its own, while the palette is open. */
  readonly id: string;
  readonly group: (typeof GROUPS)[number];
  /** What stands beside it: a key, a kind, a count. */
  readonly hint?: string | undefined;
  readonly Icon: ComponentType<IconProps>;
  run(): void;
}
