import type { ReactNode } from "react";
import type { ListedEntity } from "../../lib/types-inventory.ts";
import type { Sort } from "./rows.ts";

/** A column of a list, besides the name and the traffic that all have. */
export interface ListColumn {
  readonly label: string;
  /** Of the room that is left: `minmax(0, 1.5fr)` as 1.5. */
  readonly share: number;
  /** It is left out where there is little room: its page tells it, too. */
  readonly spare?: true;
  readonly sort?: Sort;
  readonly title?: string;
  readonly cell: (entity: ListedEntity) => ReactNode;
}
