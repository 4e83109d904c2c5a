/** What somebody may do: a role, and of a viewer which networks and whose traffic. */
import { useId } from "react";
import type { Grant } from "../../lib/api-accounts.ts";
import { ROLE_NAMES, whatText } from "../../lib/grant-words.ts";
import { ROLES, type Role } from "../../lib/me.ts";
import { useNetworks } from "../shell/use-networks.ts";
import { Choice, Field } from "./fields.tsx";

const OPTIONS = ROLES.map((value) => ({
  value,
  label:
    value === "viewer" ? "Viewer: sees traffic" : `${ROLE_NAMES[value]}: ${whatText({ role: value, networks: null, own: null })}`,
}));

/** Names have blanks, and each is the last one typed for a moment: `own` is as typed, `grantToSend` takes them off. */
export function GrantFields({ value, onChange }: { value: Grant; onChange(grant: Grant): void }) {
  const id = useId();
  const known = useNetworks(null);
  const { role, networks, own } = value;
  const ids = [...new Set([...known, ...(networks ?? [])])].sort();
  const toggle = (network: string, isOn: boolean) => {
    const next = isOn ? [...(networks ?? []), network] : (networks ?? []).filter((one) => one !== network);
    onChange({ ...value, networks: next.length === 0 ? null : next });
  };
  return (
    <>
      <Choice<Role>
        label="Role"
        value={role}
        options={OPTIONS}
        onChange={(next) => onChange(next === "viewer" ? { ...value, role: next } : { role: next, networks: null, own: null })}
      />
      {role === "viewer" && (
        <>
          <fieldset className="grant-networks" aria-describedby={`${id}-about`}>
            <legend>Networks</legend>
            {ids.map((network) => (
              <label key={network}>
                <input
                  type="checkbox"
                  checked={networks?.includes(network) ?? false}
                  onChange={(event) => toggle(network, event.currentTarget.checked)}
                />{" "}
                {network}
              </label>
            ))}
            <p id={`${id}-about`} className="settings-about">
              {networks === null ? "None is chosen: all of them are seen, new ones too." : "Only these are seen."}
            </p>
          </fieldset>
          <Field
            label="Traffic of one user only"
            placeholder="ana@example.com"
            about="The user's name in the inventory. Empty: everybody's traffic."
            value={own ?? ""}
            onChange={(own) => onChange({ ...value, own })}
          />
        </>
      )}
    </>
  );
}
