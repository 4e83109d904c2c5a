/** Says that something could not be copied, wherever on the page it was to be. */
import { useEffect, useState } from "react";
import { onNotCopied } from "../lib/copy-text.ts";
import { Banner } from "./banner.tsx";
import "./copy-note.css";

const SHOWN_MS = 6000;

export function CopyNote() {
  const [since, setSince] = useState<number | null>(null);
  useEffect(() => onNotCopied(() => setSince(performance.now())), []);
  useEffect(() => {
    if (since === null) return;
    const timer = setTimeout(() => setSince(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [since]);
  if (since === null) return null;
  return (
    <div className="copy-note">
      <Banner kind="bad">It could not be copied: the browser does not let this page use the clipboard.</Banner>
    </div>
  );
}
