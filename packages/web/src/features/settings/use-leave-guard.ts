import { useEffect, useState } from "react";
import { SETTINGS_PATH } from "../../lib/paths.ts";
import { guardLeaving, type PageUrl } from "../../lib/url.ts";
import { sectionOf } from "./sections.ts";

/** Keeps what is not saved from being left unasked. `leave`: goes where somebody wants to go; null: nobody does. */
export function useLeaveGuard(isDirty: boolean): { readonly leave: (() => void) | null; stay(): void } {
  const [wanted, setWanted] = useState<(() => void) | null>(null);
  useEffect(() => {
    if (!isDirty) return;
    const here = sectionOf(new URLSearchParams(window.location.search)).id;
    // Within a section the form stays as it is.
    const isLeftBy = ({ path, params }: PageUrl) => path !== SETTINGS_PATH || sectionOf(params).id !== here;
    const stop = guardLeaving({ isLeftBy, ask: (go) => setWanted(() => go) });
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", onUnload);
    return () => {
      stop();
      window.removeEventListener("beforeunload", onUnload);
    };
  }, [isDirty]);
  const stay = () => setWanted(null);
  const leave = () => {
    stay();
    wanted?.();
  };
  return { leave: wanted === null ? null : leave, stay };
}
