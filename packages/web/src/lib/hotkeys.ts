import { useEffect, useEffectEvent } from "react";

/** The key that makes a shortcut of a letter, as it is called on this machine. */
export const MOD_KEY = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

/** What each key does, by `KeyboardEvent.key`. A function that returns false did nothing: the key keeps its usual meaning. */
export type Hotkeys = Readonly<Record<string, () => unknown>>;

/** Keys that work anywhere on the page, but where one types, and not together with Ctrl, Alt or ⌘. */
export function useHotkeys(keys: Hotkeys): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (action !== undefined && action() !== false) event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

/** Controls that use keys themselves; in open menus and dialogs keys belong to those. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest("input, textarea, select, [role=menu], [role=listbox], [role=dialog]") !== null
  );
}
