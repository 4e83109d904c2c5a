import { formatCount } from "@flowtrail/model";
import type { ReactNode } from "react";
import type { TopAnswer } from "../../lib/types-charts.ts";
import { BarList } from "../../ui/charts/bar-list.tsx";
import { type ChartUnit, formatShort } from "../../ui/charts/units.ts";
import { Block, type BlockProps } from "./block.tsx";

export interface TopBlockProps extends Omit<BlockProps, "children"> {
  /** What is listed: `Node`. */
  readonly what: string;
  readonly top: TopAnswer;
  readonly unit: ChartUnit;
  /** Is there anything to compare with? */
  readonly compared: boolean;
  /** Of a row's groups. */
  readonly name: (by: readonly (string | null)[]) => ReactNode;
}

/** The largest of something, and what the others have together. */
export function TopBlock({ what, top, unit, compared, name, ...block }: TopBlockProps) {
  const { rows, other } = top;
  return (
    <Block {...block}>
      {rows.length === 0 ? (
        <p className="block-none">None in this time range</p>
      ) : (
        <BarList
          label={block.title}
          what={what}
          unit={unit}
          rows={rows.map(({ by, value, share, previous }) => ({
            key: JSON.stringify(by),
            label: name(by),
            value,
            share,
            previous: compared ? previous : undefined,
          }))}
        />
      )}
      {other.groups > 0 && (
        <p className="block-more">
          {formatCount(other.groups)} more: {formatShort(other.value, unit)} together
        </p>
      )}
    </Block>
  );
}
