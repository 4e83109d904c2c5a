import { useState } from "react";
import { type CaptureReport, NAME_MODES, type NameMode } from "../../lib/types-settings.ts";
import { readRanges, withFleet, withNetworkNames } from "./capture-draft.ts";
import { Choice, Field, Fields } from "./fields.tsx";
import { ReviewBar } from "./review-bar.tsx";
import { useCaptureForm } from "./use-capture-form.ts";

const MODES: Readonly<Record<NameMode, string>> = {
  full: "Full names (api.example.com)",
  "second-level": "Registered part (example.com)",
  off: "No names",
};
const SHORT: Readonly<Record<NameMode, string>> = { full: "full names", "second-level": "registered part", off: "no names" };

/** How much of domain names is kept, and which addresses are left out. */
export function PrivacySection({ report }: { report: CaptureReport }) {
  /** As written; null: as in force. */
  const [text, setText] = useState<string | null>(null);
  const { draft, edit, flow, isDirty, discard } = useCaptureForm(report, () => setText(null));
  const names = draft.fleet.names ?? report.settings.names;
  const { problem } = readRanges(text ?? "");
  const write = (next: string) => {
    setText(next);
    const read = readRanges(next);
    edit(withFleet(draft, report, { exclude: read.problem === null ? read.ranges : report.settings.exclude }));
  };
  const serverMistake = Object.entries(flow.problems).find(([field]) => field.startsWith("exclude"))?.[1];
  return (
    <>
      <Fields flow={flow}>
        <Choice
          label="Domain names"
          value={names}
          options={NAME_MODES.map((mode) => ({ value: mode, label: MODES[mode] }))}
          about="Agents learn them from DNS answers and from the beginning of connections. What is not kept never leaves the node; what is stored stays as it is."
          onChange={(value) => edit(withFleet(draft, report, { names: value }))}
        />
        {report.networks.length > 0 && (
          <section className="settings-list">
            <header>
              <h3>By network</h3>
            </header>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
            <section className="settings-rows" tabIndex={0} aria-label="Domain names by network">
              {report.networks.map(({ id, name, set, inherited_names }) => {
                const own = draft.networks[id]?.names;
                const chosen = own === undefined ? (set.names ?? "inherited") : (own ?? "inherited");
                return (
                  <div key={id} className={own === undefined ? "settings-row" : "settings-row settings-row-changed"}>
                    <span className="settings-name">{name}</span>
                    <Choice
                      label={`Domain names of ${name}`}
                      isLabelHidden
                      value={chosen}
                      options={[
                        { value: "inherited", label: `As elsewhere (${SHORT[inherited_names]})` },
                        ...NAME_MODES.map((mode) => ({ value: mode, label: MODES[mode] })),
                      ]}
                      onChange={(value) => edit(withNetworkNames(draft, report, id, value === "inherited" ? null : value))}
                    />
                  </div>
                );
              })}
            </section>
          </section>
        )}
        <Field
          label="Excluded ranges"
          lines={4}
          placeholder="10.20.0.0/16"
          about="One a line. Flows with an end in one of them are not recorded, nor are their names."
          value={text ?? (draft.fleet.exclude ?? report.settings.exclude).join("\n")}
          mistake={problem ?? serverMistake}
          onChange={write}
        />
      </Fields>
      <ReviewBar flow={flow} isDirty={isDirty || problem !== null} isWrong={problem !== null || !isDirty} onDiscard={discard} />
    </>
  );
}
