import { useEffect, useState } from "react";
import { copyText } from "./copy-text.ts";

const SHOWN_MS = 1500;

/** Copies, and says for a moment that it was done. */
export function useCopy(): { readonly copied: boolean; copy(text: string): void } {
  const [copiedAt, setCopiedAt] = useState<number | null>(null);
  useEffect(() => {
    if (copiedAt === null) return;
    const timer = setTimeout(() => setCopiedAt(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copiedAt]);
  const copy = async (text: string) => {
    if (await copyText(text)) setCopiedAt(performance.now());
  };
  return { copied: copiedAt !== null, copy: (text) => void copy(text) };
}
