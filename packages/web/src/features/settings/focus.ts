/** Where the focus goes when what had it is gone. */

/** The heading of the section that is shown. */
export const SECTION_TITLE = "settings-title";

/** To a heading; it takes the focus, though Tab passes it by. */
export function focusHeading(id: string): void {
  document.getElementById(id)?.focus();
}

/** The same, unless somebody has gone elsewhere meanwhile: a button that waits is no place for the focus, and loses it. */
export function focusIfLost(id: string): void {
  const at = document.activeElement;
  if (at === null || at === document.body || at.matches(":disabled, .settings-review *")) focusHeading(id);
}

/** As a ref: has what has just come, in place of what had the focus. */
export function focusNow(element: HTMLElement | null): void {
  element?.focus();
}
