import { useEffect, useState } from "react";
import { guardLeaving } from "../../lib/url.ts";

/** Keeps what is not saved from being left unasked. `leave`: goes where somebody wants to go; null: nobody does. */
export function useLeaveGuard(isDirty: boolean): { readonly leave: (() => void) | null; stay(): void } {
  const [leave, setLeave] = useState<(() => void) | null>(null);
  useEffect(() => {
    if (!isDirty) return;
    const stop = guardLeaving((go) => setLeave(() => go));
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", onUnload);
    return () => {
      stop();
      window.removeEventListener("beforeunload", onUnload);
    };
  }, [isDirty]);
  return { leave, stay: () => setLeave(null) };
}
