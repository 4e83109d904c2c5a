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

/** Asked before another address is gone to: whoever may leave calls `go`. */
type Ask = (go: () => void) => void;
const guards = new Set<Ask>();

/** From now on another address is gone to only when `ask` says so, until the returned function is called. */
export function guardLeaving(ask: Ask): () => void {
  guards.add(ask);
  return () => void guards.delete(ask);
}

/** Back or forward while somebody is to be asked first: what was shown is put on top again, before anybody looks. */
function holdBack(event: PopStateEvent): void {
  const [guard] = guards;
  if (guard === undefined || shown === null) return;
  const to = window.location.href;
  event.stopImmediatePropagation();
  window.history.pushState(null, "", shown.href);
  guard(() => leaveFor(to, false));
}

function leaveFor(href: string, replace: boolean): void {
  guards.clear();
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
  const [guard] = guards;
  if (guard === undefined) go();
  else guard(go);
}
