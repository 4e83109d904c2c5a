import { SETTINGS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { useRecipients } from "../settings/use-recipients.ts";
import { Check } from "./check.tsx";

export interface RecipientChecksProps {
  /** Ids. */
  readonly chosen: readonly string[];
  onChange(chosen: readonly string[]): void;
}

/** Who is told. One that is gone stays chosen until somebody takes it out. */
export function RecipientChecks({ chosen, onChange }: RecipientChecksProps) {
  const { data } = useRecipients();
  const known = data ?? [];
  const gone = chosen.filter((id) => !known.some((one) => one.id === id));
  const toggle = (id: string, on: boolean) => onChange(on ? [...chosen, id] : chosen.filter((one) => one !== id));
  return (
    <fieldset className="rule-checks">
      <legend>Recipients</legend>
      {known.map(({ id, name }) => (
        <Check key={id} label={name} checked={chosen.includes(id)} onChange={(on) => toggle(id, on)} />
      ))}
      {gone.map((id) => (
        <Check key={id} label={`${id} (gone)`} checked onChange={() => toggle(id, false)} />
      ))}
      <p className="settings-about">
        {chosen.length === 0 && "None chosen: those that take every alert. "}
        <PageLink path={SETTINGS_PATH} params={new URLSearchParams({ section: "recipients" })}>
          Settings → Recipients
        </PageLink>
      </p>
    </fieldset>
  );
}
