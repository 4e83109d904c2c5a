import { Skeleton } from "@mantine/core";

const ROWS = Array.from({ length: 12 }, (_, row) => row);

/** Before the first rows are there. */
export function SkeletonRows() {
  return (
    <div className="log" aria-busy>
      <span className="visually-hidden">Loading</span>
      {ROWS.map((row) => (
        <Skeleton key={row} height={14} width={`${62 + ((row * 17) % 34)}%`} mx={16} mt={row === 0 ? 18 : 34} radius="sm" />
      ))}
    </div>
  );
}
