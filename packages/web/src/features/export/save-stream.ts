/** Streams an answer of the server into a file that a person chose. */
import { ApiError } from "../../lib/errors.ts";

/** Of the File System Access API, which not every browser has. */
interface SaveWindow {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<{
    createWritable(): Promise<WritableStream<Uint8Array>>;
  }>;
}

/** Can the browser tell how far it is? Else it downloads by itself. */
export function canStream(): boolean {
  return typeof (window as SaveWindow).showSaveFilePicker === "function";
}

/**
 * @param onProgress bytes that are in the file
 * @returns false: no file was chosen
 * @throws ApiError; whatever the file system says
 */
export async function saveStream(
  path: string,
  name: string,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<boolean> {
  const picked = await (window as SaveWindow).showSaveFilePicker?.({ suggestedName: name }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  });
  if (picked == null) return false;
  const response = await fetch(path, { signal });
  if (!response.ok || response.body === null) throw await refusal(path, response);
  let bytes = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      onProgress(bytes);
      controller.enqueue(chunk);
    },
  });
  await response.body.pipeThrough(counting).pipeTo(await picked.createWritable(), { signal });
  return true;
}

async function refusal(path: string, response: Response): Promise<ApiError> {
  const text = await response.text();
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  const data = { code: "REFUSED", path, status: response.status, reason: `HTTP_${response.status}` } as const;
  return new ApiError(data, message ?? `The server answered with status ${response.status}.`);
}
