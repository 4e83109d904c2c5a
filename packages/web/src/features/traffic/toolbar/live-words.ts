import { formatCount } from "@flowtrail/model";

/** `sampled 1:8`: one of so many rows is shown. */
export function sampledText(of: number): string {
  return `sampled 1:${of < 10 ? of : Math.round(of)}`;
}

/** `412 new, resume` */
export function heldText(held: number): string {
  return `${formatCount(held)} new, resume`;
}
