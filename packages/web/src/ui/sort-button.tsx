import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import "./sort-button.css";

interface SortButtonProps {
  readonly label: string;
  /** Null: something else is sorted by. */
  readonly order: "asc" | "desc" | null;
  readonly className?: string;
  onSort(): void;
}

/** What a column's head says, to be sorted by; the head itself has `aria-sort`. */
export function SortButton({ label, order, className = "", onSort }: SortButtonProps) {
  const Arrow = order === "desc" ? IconArrowDown : IconArrowUp;
  return (
    <button type="button" className={`${className} sort-button`} onClick={onSort}>
      {label}
      {order !== null && <Arrow className="sort-arrow" size={13} stroke={2.2} aria-hidden />}
    </button>
  );
}
