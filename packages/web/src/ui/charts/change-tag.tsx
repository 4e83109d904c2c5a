import { IconArrowDownRight, IconArrowUpRight } from "@tabler/icons-react";
import { type Change, changeOf } from "./change.ts";
import type { Amount } from "./series.ts";
import { type ChartUnit, formatExact } from "./units.ts";
import "./change-tag.css";

export interface ChangeTagProps {
  readonly now: Amount;
  readonly before: Amount;
  readonly unit: ChartUnit;
}

/** More or less than in the time before, without judging it: more is not better. */
export function ChangeTag({ now, before, unit }: ChangeTagProps) {
  const change = changeOf(now, before);
  if (change === null) return null;
  return (
    <span className="change" title={`In the time of the same length before: ${formatExact(before, unit)}`}>
      <Arrow direction={change.direction} />
      {change.text}
    </span>
  );
}

function Arrow({ direction }: Pick<Change, "direction">) {
  if (direction === "same") return null;
  const Icon = direction === "up" ? IconArrowUpRight : IconArrowDownRight;
  return <Icon size={13} stroke={2} aria-hidden />;
}
