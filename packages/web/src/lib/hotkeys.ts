import { useEffect, useEffectEvent } from "react";

/** The key that makes a shortcut of a letter, as it is called on this machine. */
export const MOD_KEY = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘" : "Ctrl";

/** What each key does, by `KeyboardEvent.key`. A function that returns false did nothing: the key keeps its usual meaning. */
export type Hotkeys = Readonly<Record<string, () => unknown>>;

/**
 * Keys that work anywhere on the page, but where one types, and not together with Ctrl, Alt or ⌘.
 * @param isFirst they are asked before all other keys of the page: the same key may have another meaning there
 */
export function useHotkeys(keys: Hotkeys, isFirst = false): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTaken(event.target, event.key)) return;
    const action = Object.hasOwn(keys, event.key) ? keys[event.key] : undefined;
    if (action !== undefined && action() !== false) event.preventDefault();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => press(event);
    window.addEventListener("keydown", listen, isFirst);
    return () => window.removeEventListener("keydown", listen, isFirst);
  }, [isFirst]);
}

/** In open menus and dialogs keys belong to those, and some controls use keys themselves. */
function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("[role=menu], [role=listbox], [role=dialog]") !== null) return true;
  const control = target.closest("input, textarea, select, [contenteditable=true]");
  return control !== null && usesKey(control instanceof HTMLInputElement ? control.type : control.localName, key);
}

/** Does a control have a use of its own for the key? `control`: the type of an input, or the name of another element. */
export function usesKey(control: string, key: string): boolean {
  // A letter chooses what begins with it.
  if (control === "select") return key !== "/" && key !== "?";
  if (control === "checkbox") return key === " " || key === "Enter";
  if (control === "radio") return key === " " || key === "Enter" || key.startsWith("Arrow");
  return true;
}
