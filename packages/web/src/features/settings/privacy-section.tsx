import { useState } from "react";
import { ADDRESS_MODES, type CapturePolicy, type CaptureReport, NAME_MODES } from "../../lib/types-settings.ts";
import { withFleet } from "./capture-draft.ts";
import { ExcludedFields, type ExcludedTexts, isWrong } from "./excluded-fields.tsx";
import { Choice, Fields, Switch } from "./fields.tsx";
import { ADDRESSES, NAMES, NetworkPrivacy } from "./network-privacy.tsx";
import { ReviewBar } from "./review-bar.tsx";
import { useCaptureForm } from "./use-capture-form.ts";

/** What is kept of people: names, addresses, who they are, and whose flows are not recorded at all. */
export function PrivacySection({ report }: { report: CaptureReport }) {
  const [texts, setTexts] = useState<ExcludedTexts>({});
  const { draft, edit, flow, isDirty, discard } = useCaptureForm(report, () => setTexts({}));
  const settings: CapturePolicy = { ...report.settings, ...draft.fleet };
  const set = (change: Partial<CapturePolicy>) => edit(withFleet(draft, report, change));
  const wrong = isWrong(texts);
  return (
    <>
      <Fields flow={flow}>
        <Choice
          label="Domain names"
          value={settings.names}
          options={NAME_MODES.map((mode) => ({ value: mode, label: NAMES[mode] }))}
          about="Agents learn them from DNS answers and from the beginning of connections. What is not kept never leaves the node; what is stored stays as it is."
          onChange={(names) => set({ names })}
        />
        <Choice
          label="Addresses of the internet"
          value={settings.external_addresses}
          options={ADDRESS_MODES.map((mode) => ({ value: mode, label: ADDRESSES[mode] }))}
          about="Cut before they are stored or shown live. Addresses of networks, routes and private ranges stay as they are."
          onChange={(external_addresses) => set({ external_addresses })}
        />
        <Switch
          label="Pseudonyms for people"
          checked={settings.pseudonyms}
          about="Users, their devices and config files are named by a key: the same person is the same pseudonym everywhere. An admin can reveal one, with a reason, which is noted. Their addresses in the networks stay."
          onChange={(pseudonyms) => set({ pseudonyms })}
        />
        {report.networks.length > 0 && <NetworkPrivacy report={report} draft={draft} edit={edit} />}
        <ExcludedFields
          texts={texts}
          settings={settings}
          problems={flow.problems}
          onWrite={(next, change) => {
            setTexts(next);
            set(change);
          }}
        />
      </Fields>
      <ReviewBar flow={flow} isDirty={isDirty || wrong} isWrong={wrong || !isDirty} onDiscard={discard} />
    </>
  );
}
