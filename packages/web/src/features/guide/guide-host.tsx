import { lazy, Suspense } from "react";
import { useGuideState } from "./guide-state.ts";

const GuideDialog = lazy(async () => ({ default: (await import("./guide-dialog.tsx")).GuideDialog }));

/** Where the guide is shown, once somebody asks for it. */
export function GuideHost() {
  const { shown, node } = useGuideState();
  if (shown === "never") return null;
  return (
    <Suspense fallback={null}>
      <GuideDialog opened={shown === "open"} node={node} />
    </Suspense>
  );
}
