import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent } from "react";

const ASK_AGAIN = "flowtrail:ask-again";

/** Asks for all that a screen shows anew: what TanStack Query holds, and what holds answers of its own (the list of rows). */
export function useRefresh(): () => void {
  const client = useQueryClient();
  return () => {
    window.dispatchEvent(new Event(ASK_AGAIN));
    void client.invalidateQueries();
  };
}

/** Does so when it is told. */
export function useAskAgain(work: () => void): void {
  const told = useEffectEvent(work);
  useEffect(() => {
    const listen = () => told();
    window.addEventListener(ASK_AGAIN, listen);
    return () => window.removeEventListener(ASK_AGAIN, listen);
  }, []);
}
