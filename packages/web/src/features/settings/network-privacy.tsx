/** What a network keeps otherwise than the rest: names and addresses of the internet. */
import { ADDRESS_MODES, type AddressMode, type CaptureReport, NAME_MODES, type NameMode } from "../../lib/types-settings.ts";
import { type CaptureDraft, withNetwork } from "./capture-draft.ts";
import { Choice } from "./fields.tsx";

export const NAMES: Readonly<Record<NameMode, string>> = {
  full: "Full names (api.example.com)",
  "second-level": "Registered part (example.com)",
  off: "No names",
};
const SHORT: Readonly<Record<NameMode, string>> = { full: "full names", "second-level": "registered part", off: "no names" };
export const ADDRESSES: Readonly<Record<AddressMode, string>> = {
  full: "Full addresses",
  truncated: "Cut to /24 and /48",
};

interface NetworkPrivacyProps {
  readonly report: CaptureReport;
  readonly draft: CaptureDraft;
  edit(draft: CaptureDraft): void;
}

export function NetworkPrivacy({ report, draft, edit }: NetworkPrivacyProps) {
  const fleet = { ...report.settings, ...draft.fleet };
  return (
    <section className="settings-list">
      <header>
        <h3>By network</h3>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="settings-rows" tabIndex={0} aria-label="Names and addresses by network">
        {report.networks.map(({ id, name, set, inherited_names }) => {
          const own = draft.networks[id];
          const names = own?.names === undefined ? set.names : own.names;
          const addresses = own?.external_addresses === undefined ? set.external_addresses : own.external_addresses;
          const isChanged = own?.names !== undefined || own?.external_addresses !== undefined;
          return (
            <div key={id} className={isChanged ? "settings-row settings-row-changed" : "settings-row"}>
              <span className="settings-name">{name}</span>
              <Choice
                label={`Domain names of ${name}`}
                isLabelHidden
                value={names ?? "inherited"}
                options={[
                  { value: "inherited", label: `As elsewhere (${SHORT[inherited_names]})` },
                  ...NAME_MODES.map((mode) => ({ value: mode, label: NAMES[mode] })),
                ]}
                onChange={(value) => edit(withNetwork(draft, report, id, "names", value === "inherited" ? null : value))}
              />
              <Choice
                label={`Addresses of the internet of ${name}`}
                isLabelHidden
                value={addresses ?? "inherited"}
                options={[
                  {
                    value: "inherited",
                    label: `As elsewhere (${fleet.external_addresses === "full" ? "full" : "cut"})`,
                  },
                  ...ADDRESS_MODES.map((mode) => ({ value: mode, label: ADDRESSES[mode] })),
                ]}
                onChange={(value) =>
                  edit(withNetwork(draft, report, id, "external_addresses", value === "inherited" ? null : value))
                }
              />
            </div>
          );
        })}
      </section>
    </section>
  );
}
