import { useEffect, useEffectEvent, useState } from "react";
import { useHotkeys } from "../../lib/hotkeys.ts";

export type Dialog = "palette" | "keys";

/** What lies over the page, and the keys that open it. */
export function useDialogs(): [Dialog | null, (dialog: Dialog | null) => void] {
  const [open, setOpen] = useState<Dialog | null>(null);
  useHotkeys({ "?": () => setOpen("keys") });
  // Where one types, too: that is why it is no ordinary hotkey.
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    setOpen(open === "palette" ? null : "palette");
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
  return [open, setOpen];
}
