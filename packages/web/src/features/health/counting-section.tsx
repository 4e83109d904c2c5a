import { Banner } from "../../ui/banner.tsx";
import type { CountingNote } from "./counting-words.ts";
import "./inventory-section.css";

/** Why totals may be off for now, or may count something twice. */
export function CountingSection({ notes }: { notes: readonly CountingNote[] }) {
  return (
    <section>
      <h2>Counting</h2>
      {notes.map(({ key, text, isBad }) =>
        isBad ? (
          <Banner key={key} kind="bad">
            {text}
          </Banner>
        ) : (
          <p key={key} className="inventory-none">
            {text}
          </p>
        ),
      )}
    </section>
  );
}
