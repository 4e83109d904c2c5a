import { readAsked, writeAsked } from "../../lib/asked.ts";
import { exactWindow } from "../../lib/time-window.ts";
import { hrefOf, type PageUrl } from "../../lib/url.ts";

/** What one sees, as it is asked: "the last hour" is another one tomorrow. */
export function linkTo({ path, params }: PageUrl): string {
  return window.location.origin + hrefOf(path, params);
}

/** What one sees, with the window as it is now. */
export function exactLinkTo({ path, params }: PageUrl): string {
  const nowMs = Date.now();
  const asked = readAsked(params, nowMs);
  return linkTo({ path, params: writeAsked({ ...asked, window: exactWindow(asked.window, nowMs) }, params) });
}
