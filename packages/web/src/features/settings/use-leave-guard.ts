import { useEffect, useState } from "react";
import { guardLeaving, type PageUrl } from "../../lib/url.ts";
import { sectionOf } from "./sections.ts";

/** Keeps what is not saved from being left unasked. `leave`: goes where somebody wants to go; null: nobody does. */
export function useLeaveGuard(isDirty: boolean): { readonly leave: (() => void) | null; stay(): void } {
  const [wanted, setWanted] = useState<(() => void) | null>(null);
  useEffect(() => {
    if (!isDirty) return;
    const { pathname, search } = window.location;
    const here = formOf(new URLSearchParams(search));
    const isLeftBy = ({ path, params }: PageUrl) => path !== pathname || formOf(params) !== here;
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

/** What names the form within its screen: within a section, or while a rule is edited, it stays as it is. */
function formOf(params: URLSearchParams): string {
  return `${sectionOf(params).id} ${params.get("rule") ?? ""}`;
}
