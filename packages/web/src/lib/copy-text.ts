/** The clipboard, also where the browser gives a page none: at a plain http address that is not this machine's own. */
const NOT_COPIED = "flowtrail:not-copied";

/** Puts a text on the clipboard, or tells whoever listens that it can't; whether it did. */
export async function copyText(text: string): Promise<boolean> {
  const isCopied = (await withClipboard(text)) || withSelection(text);
  if (!isCopied) window.dispatchEvent(new Event(NOT_COPIED));
  return isCopied;
}

/** @returns how to stop listening */
export function onNotCopied(work: () => void): () => void {
  window.addEventListener(NOT_COPIED, work);
  return () => window.removeEventListener(NOT_COPIED, work);
}

async function withClipboard(text: string): Promise<boolean> {
  // What the types promise is not there in an insecure context.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  if (clipboard === undefined) return false;
  try {
    await clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed here: the old way may be
  }
}

function withSelection(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
