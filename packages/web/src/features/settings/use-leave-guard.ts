import { useEffect } from "react";
import { guardLeaving } from "../../lib/url.ts";

const QUESTION = "Your changes are not saved. Leave without saving them?";

/** Asks before what is not saved is left. */
export function useLeaveGuard(isDirty: boolean): void {
  useEffect(() => {
    if (!isDirty) return;
    const stop = guardLeaving(() => window.confirm(QUESTION));
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", onUnload);
    return () => {
      stop();
      window.removeEventListener("beforeunload", onUnload);
    };
  }, [isDirty]);
}
