import { formatBytes, formatCount, type LegalHold } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useState } from "react";
import { addHold, fetchRetention, previewHold, previewRelease, releaseHold } from "../../lib/api-settings.ts";
import type { NewHold } from "../../lib/types-settings.ts";
import { whoText } from "./audit-words.ts";
import { Field, Fields } from "./fields.tsx";
import { focusNow } from "./focus.ts";
import { deletionSentences, retentionBasis } from "./retention-words.ts";
import { ReviewBar, SavedNote } from "./review-bar.tsx";
import { useChange } from "./use-change.ts";

const TITLE = "settings-holds-title";

/** Legal holds: of their time nothing is deleted, however old it gets. */
export function Holds({ holds }: { holds: readonly LegalHold[] }) {
  const [releasing, setReleasing] = useState<LegalHold | null>(null);
  const [isAdding, setAdding] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const inForce = holds.filter(({ released }) => released === null);
  return (
    <section className="settings-list" aria-label="Legal holds">
      <header>
        <h3 id={TITLE} tabIndex={-1}>
          Legal holds{" "}
          <span className="settings-count">{inForce.length === 0 ? "none in force" : `${inForce.length} in force`}</span>
        </h3>
        {!isAdding && (
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setSaid(null);
              setAdding(true);
            }}
          >
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
                <Button
                  size="xs"
                  variant="default"
                  onClick={() => {
                    setSaid(null);
                    setReleasing(hold);
                  }}
                  aria-label={`Release ${hold.reason}`}
                >
                  Release
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {releasing !== null && (
        <ReleaseHold
          key={releasing.id}
          hold={releasing}
          onEnd={(text = null) => {
            setReleasing(null);
            setSaid(text);
          }}
        />
      )}
      {isAdding && (
        <AddHold
          onEnd={(text = null) => {
            setAdding(false);
            setSaid(text);
          }}
        />
      )}
      <SavedNote text={said} />
    </section>
  );
}

interface Ending {
  /** @param said what was done; left out: nothing was */
  onEnd(said?: string | null): void;
}

function ReleaseHold({ hold, onEnd }: Ending & { hold: LegalHold }) {
  const flow = useChange({
    preview: async () => [`“${hold.reason}” keeps nothing any more.`, ...deletionSentences(await previewRelease(hold.id))],
    basis: async () => retentionBasis(await fetchRetention()),
    title: TITLE,
    save: async () => {
      await releaseHold(hold.id);
      return `“${hold.reason}” is released.`;
    },
    done: onEnd,
  });
  return (
    <div className="settings-inner" tabIndex={-1} ref={focusNow}>
      <p>Release “{hold.reason}”?</p>
      <ReviewBar flow={flow} isDirty titleId={TITLE} onDiscard={() => onEnd()} />
    </div>
  );
}

function AddHold({ onEnd }: Ending) {
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
      return [
        `Of ${spanText(held)} nothing is deleted until it is released: ${formatCount(held.rows)} rows (${formatBytes(held.bytes)}) now.`,
        "Nothing is deleted by this.",
      ];
    },
    title: TITLE,
    save: async () => {
      await addHold(hold);
      return `“${hold.reason}” is held.`;
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
    <div className="settings-inner" tabIndex={-1} ref={focusNow}>
      <Fields flow={flow}>
        {field("reason", "Reason", "It is in the audit list.", "Case 17")}
        <div className="settings-grid">
          {field("from", "From", "Relative (-30d) or a time such as 2026-11-01T00:00:00Z.")}
          {field("to", "To", "The same. Empty: it goes on until it is released.")}
          {field("network", "Network", "Its id. Empty: all. Whole days stay, with the other networks' rows.")}
        </div>
      </Fields>
      <ReviewBar flow={flow} isDirty isWrong={hold.reason === "" || hold.from === ""} titleId={TITLE} onDiscard={() => onEnd()} />
    </div>
  );
}

function spanText({ from, to }: Pick<LegalHold, "from" | "to">): string {
  return `${from.slice(0, 10)} to ${to === null ? "further notice" : to.slice(0, 10)}`;
}
