import { useEffect, useEffectEvent } from "react";

const ASK_AGAIN = "flowtrail:ask-again";

/** Tells whatever holds answers of its own (the list of rows) that a person wants them anew. */
export function askAgain(): void {
  window.dispatchEvent(new Event(ASK_AGAIN));
}

/** Does so when it is told. What TanStack Query holds is asked again by itself. */
export function useAskAgain(work: () => void): void {
  const told = useEffectEvent(work);
  useEffect(() => {
    const listen = () => told();
    window.addEventListener(ASK_AGAIN, listen);
    return () => window.removeEventListener(ASK_AGAIN, listen);
  }, []);
}
