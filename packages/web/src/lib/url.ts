/** The page's address as state: everything that a screen shows is in it, so that a link and the back button work. */
import { useSyncExternalStore } from "react";

/** Written into every address, so that a later form of the page can still read today's links. */
const VERSION = "1";
const CHANGED = "flowtrail:url";

export interface PageUrl {
  readonly path: string;
  readonly params: URLSearchParams;
}

let shown: { href: string; url: PageUrl } | null = null;

/** The same object for the same address, as useSyncExternalStore asks for it. */
function current(): PageUrl {
  const { href, pathname, search } = window.location;
  if (shown?.href !== href) shown = { href, url: { path: pathname, params: new URLSearchParams(search) } };
  return shown.url;
}

function subscribe(changed: () => void): () => void {
  // Once, and before all who want to know: of a window's listeners the first is called first, capturing or not.
  window.addEventListener("popstate", holdBack);
  window.addEventListener("popstate", changed);
  window.addEventListener(CHANGED, changed);
  return () => {
    window.removeEventListener("popstate", changed);
    window.removeEventListener(CHANGED, changed);
  };
}

/** Keeps something of the page that is not saved. */
export interface Guard {
  /** Is it gone when this address is shown? */
  isLeftBy(to: PageUrl): boolean;
  /** Asked before: whoever may leave calls `go`. */
  ask(go: () => void): void;
}
const guards = new Set<Guard>();

/** From now on it is asked before it is left, until the returned function is called. */
export function guardLeaving(guard: Guard): () => void {
  guards.add(guard);
  return () => void guards.delete(guard);
}

function guardsLeftBy(href: string): Guard[] {
  const { pathname, searchParams } = new URL(href, window.location.href);
  return [...guards].filter((guard) => guard.isLeftBy({ path: pathname, params: searchParams }));
}

/** Back or forward while somebody is to be asked first: what was shown is put on top again, before anybody looks. */
function holdBack(event: PopStateEvent): void {
  const to = window.location.href;
  const [guard] = guardsLeftBy(to);
  if (guard === undefined || shown === null) return;
  event.stopImmediatePropagation();
  window.history.pushState(null, "", shown.href);
  guard.ask(() => leaveFor(to, false));
}

function leaveFor(href: string, replace: boolean): void {
  for (const guard of guardsLeftBy(href)) guards.delete(guard);
  if (replace) window.history.replaceState(null, "", href);
  else window.history.pushState(null, "", href);
  window.dispatchEvent(new Event(CHANGED));
}

/** The address that is shown; renders again when it changes. */
export function useUrl(): PageUrl {
  return useSyncExternalStore(subscribe, current);
}

/** `/traffic-logs?v=1&from=-1h`; colons, slashes and @ stay as they are, to be read by people. */
export function hrefOf(path: string, params: URLSearchParams): string {
  const rest = new URLSearchParams(params);
  rest.delete("v");
  const query = new URLSearchParams([["v", VERSION], ...rest]).toString();
  return `${path}?${query.replaceAll("%3A", ":").replaceAll("%2F", "/").replaceAll("%40", "@")}`;
}

/** Goes to another address of the page. `replace` leaves no step in the history: for what nobody would want to go back to. */
export function navigate(path: string, params: URLSearchParams, options: { replace?: boolean } = {}): void {
  const href = hrefOf(path, params);
  if (href === window.location.pathname + window.location.search) return;
  const go = () => leaveFor(href, options.replace === true);
  const [guard] = guardsLeftBy(href);
  if (guard === undefined) go();
  else guard.ask(go);
}
