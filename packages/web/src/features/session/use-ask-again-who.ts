import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { onTurnedAway } from "../../lib/api.ts";
import type { Viewer } from "../../lib/api-types.ts";
import { askAgainWho, signedInAs } from "../../lib/me.ts";

/** Of all tabs of this browser: they share the session. */
const CHANNEL = "flowtrail.session";

/**
 * Asks who is signed in again: when the server turns something away, when somebody comes back to this window, and when
 * another tab has found that it is somebody else now.
 */
export function useAskAgainWho(viewer: Viewer | null | undefined): void {
  const client = useQueryClient();
  const channel = useRef<BroadcastChannel | null>(null);
  useEffect(() => {
    const ask = () => askAgainWho(client);
    const onVisible = () => {
      if (document.visibilityState === "visible") ask();
    };
    onTurnedAway(ask);
    // It does not hear itself.
    const others = new BroadcastChannel(CHANNEL);
    channel.current = others;
    others.addEventListener("message", ask);
    window.addEventListener("focus", ask);
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      others.close();
      window.removeEventListener("focus", ask);
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [client]);

  const who = viewer === undefined ? null : signedInAs(viewer);
  useEffect(() => {
    // Who finds nothing new says nothing: it ends by itself.
    if (who !== null) channel.current?.postMessage("changed");
  }, [who]);
}
