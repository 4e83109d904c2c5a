import { Skeleton } from "@mantine/core";
import "./screen-skeleton.css";

/** While the code of a screen comes; what comes at once shows nothing of it. */
export function ScreenSkeleton() {
  return (
    <div className="screen-skeleton" aria-busy>
      <span className="visually-hidden">Loading</span>
      <Skeleton height={22} width={180} radius="sm" />
      <Skeleton height={320} mt={22} radius="md" />
    </div>
  );
}
