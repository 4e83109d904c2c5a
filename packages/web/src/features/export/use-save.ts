import { useEffect, useRef, useState } from "react";
import { saveStream } from "./save-stream.ts";

export type Saving =
  | { readonly state: "idle" }
  | { readonly state: "running"; readonly bytes: number }
  | { readonly state: "done"; readonly bytes: number }
  | { readonly state: "failed"; readonly message: string };

/** How often the page says how far it is. */
const TELL_MS = 200;

/** A download that tells how far it is, and can be stopped; it ends when its dialog is closed. */
export function useSave(): { readonly saving: Saving; save(path: string, name: string): void; stop(): void } {
  const [saving, setSaving] = useState<Saving>({ state: "idle" });
  const ending = useRef<AbortController | null>(null);
  useEffect(() => () => ending.current?.abort(), []);

  const run = async (path: string, name: string) => {
    const controller = new AbortController();
    ending.current = controller;
    let toldMs = 0;
    let bytes = 0;
    try {
      const isSaved = await saveStream(path, name, controller.signal, (count) => {
        bytes = count;
        if (performance.now() - toldMs < TELL_MS) return;
        toldMs = performance.now();
        setSaving({ state: "running", bytes });
      });
      setSaving(isSaved ? { state: "done", bytes } : { state: "idle" });
    } catch (error) {
      if (controller.signal.aborted) setSaving({ state: "idle" });
      else setSaving({ state: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  };
  return {
    saving,
    save: (path, name) => {
      setSaving({ state: "running", bytes: 0 });
      void run(path, name);
    },
    stop: () => ending.current?.abort(),
  };
}
