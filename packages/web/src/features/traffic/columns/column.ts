import type { FlowJson } from "@flowtrail/model";
import type { ReactNode } from "react";
import type { Sort } from "../list/question.ts";
import type { ReportsView } from "../query.ts";

export interface CellProps {
  readonly flow: FlowJson;
  readonly view: ReportsView;
  /** A clock time alone would not say which day. */
  readonly withDay: boolean;
  /** Shows the other reports of the connection, where there are any. */
  readonly expander?: ReactNode;
}

/** What a table may show of a flow. */
export interface TableColumn {
  /** Stands in addresses: for ever. */
  readonly id: string;
  readonly label: string;
  readonly tooltip: string;
  /** Pixels that it has at least, and its part of the room that is left. */
  readonly min: number;
  /** Where clock times stand behind their day. */
  readonly minWithDay?: number;
  readonly grow: number;
  readonly align?: "right";
  /** The list can be sorted by it. */
  readonly sort?: Sort;
  /** Columns of the API that it is made of: what an export of the shown columns holds. */
  readonly fields: readonly string[];
  readonly Cell: (props: CellProps) => ReactNode;
}
