import { formatBytes, formatCount, type LegalHold } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useState } from "react";
import { addHold, previewHold, previewRelease, releaseHold } from "../../lib/api-settings.ts";
import type { NewHold } from "../../lib/types-settings.ts";
import { whoText } from "./audit-words.ts";
import { Field } from "./fields.tsx";
import { deletionSentences } from "./retention-words.ts";
import { ReviewBar } from "./review-bar.tsx";
import { useChange } from "./use-change.ts";

/** Legal holds: of their time nothing is deleted, however old it gets. */
export function Holds({ holds }: { holds: readonly LegalHold[] }) {
  const [releasing, setReleasing] = useState<LegalHold | null>(null);
  const [isAdding, setAdding] = useState(false);
  const inForce = holds.filter(({ released }) => released === null);
  return (
    <section className="settings-list" aria-label="Legal holds">
      <header>
        <h3>
          Legal holds{" "}
          <span className="settings-count">{inForce.length === 0 ? "none in force" : `${inForce.length} in force`}</span>
        </h3>
        {!isAdding && (
          <Button size="xs" variant="default" onClick={() => setAdding(true)}>
            Add a hold
          </Button>
        )}
      </header>
      <p className="settings-about">Flows of a held time are not deleted, however old they get and however large the store is.</p>
      {holds.length > 0 && (
        <ul className="settings-holds">
          {holds.map((hold) => (
            <li key={hold.id}>
              <span>
                <strong>{hold.reason}</strong> · {spanText(hold)} · {hold.network ?? "all networks"}
              </span>
              <span className="settings-note">
                {hold.released === null
                  ? `keeps ${formatCount(hold.rows)} rows (${formatBytes(hold.bytes)}), by ${whoText(hold.who)}`
                  : `released ${hold.released.slice(0, 10)} by ${whoText(hold.released_by ?? "")}`}
              </span>
              {hold.released === null && releasing?.id !== hold.id && (
                <Button size="xs" variant="default" onClick={() => setReleasing(hold)} aria-label={`Release ${hold.reason}`}>
                  Release
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {releasing !== null && <ReleaseHold key={releasing.id} hold={releasing} onEnd={() => setReleasing(null)} />}
      {isAdding && <AddHold onEnd={() => setAdding(false)} />}
    </section>
  );
}

function ReleaseHold({ hold, onEnd }: { hold: LegalHold; onEnd(): void }) {
  const flow = useChange({
    preview: async () => ({
      sentences: [`“${hold.reason}” keeps nothing any more.`, ...deletionSentences(await previewRelease(hold.id))],
    }),
    save: async () => {
      await releaseHold(hold.id);
      return "Released.";
    },
    done: onEnd,
  });
  return (
    <div className="settings-inner">
      <p>Release “{hold.reason}”?</p>
      <ReviewBar flow={flow} isDirty onDiscard={onEnd} />
    </div>
  );
}

function AddHold({ onEnd }: { onEnd(): void }) {
  const [texts, setTexts] = useState({ reason: "", from: "-30d", to: "", network: "" });
  const hold: NewHold = {
    reason: texts.reason.trim(),
    from: texts.from.trim(),
    ...(texts.to.trim() === "" ? {} : { to: texts.to.trim() }),
    ...(texts.network.trim() === "" ? {} : { network: texts.network.trim() }),
  };
  const flow = useChange({
    preview: async () => {
      const held = await previewHold(hold);
      return {
        sentences: [
          `Of ${spanText(held)} nothing is deleted until it is released: ${formatCount(held.rows)} rows (${formatBytes(held.bytes)}) now.`,
          "Nothing is deleted by this.",
        ],
      };
    },
    save: async () => {
      await addHold(hold);
      return "Held.";
    },
    done: onEnd,
  });
  const field = (name: keyof typeof texts, label: string, about: string, placeholder = "") => (
    <Field
      label={label}
      about={about}
      placeholder={placeholder}
      value={texts[name]}
      mistake={flow.problems[name]}
      onChange={(text) => {
        setTexts({ ...texts, [name]: text });
        flow.edited();
      }}
    />
  );
  return (
    <div className="settings-inner">
      {field("reason", "Reason", "It is in the audit list.", "Case 17")}
      <div className="settings-grid">
        {field("from", "From", "Relative (-30d) or a time such as 2026-11-01T00:00:00Z.")}
        {field("to", "To", "The same. Empty: it goes on until it is released.")}
        {field("network", "Network", "Its id. Empty: all. Whole days stay, with the other networks' rows.")}
      </div>
      <ReviewBar flow={flow} isDirty isWrong={hold.reason === "" || hold.from === ""} onDiscard={onEnd} />
    </div>
  );
}

function spanText({ from, to }: Pick<LegalHold, "from" | "to">): string {
  return `${from.slice(0, 10)} to ${to === null ? "further notice" : to.slice(0, 10)}`;
}
