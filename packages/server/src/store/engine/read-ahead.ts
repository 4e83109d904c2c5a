/** Reads a file through, so that it is in the page cache when it is needed. */
import { open } from "node:fs/promises";

/**
 * Loading a 540 MB library that is not in memory touches it page by page, here and there: half a minute on a slow disk, where
 * reading it from one end to the other takes five seconds. Stops at `signal`. A file that can't be read is left to whoever needs it.
 */
export async function readAhead(path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path).catch(() => null);
  if (file === null) return;
  try {
    const buffer = new Uint8Array(4 << 20);
    while (!signal.aborted && (await file.read(buffer)).bytesRead > 0);
  } catch {
    // As said above.
  } finally {
    await file.close();
  }
}
