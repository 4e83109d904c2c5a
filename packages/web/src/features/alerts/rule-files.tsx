/** Rules as a file: for another server, or to be kept with other configuration. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ChangeEvent, useRef, useState } from "react";
import { importRules, RULES_YAML } from "../../lib/api-alerts.ts";
import { useMe } from "../../lib/me.ts";
import { importText } from "./import-words.ts";
import { ALERTS_KEY } from "./use-alerts.ts";

export function RuleFiles() {
  const { maySet } = useMe();
  const client = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState<{ readonly text: string; readonly isBad: boolean } | null>(null);
  const [wanted, setWanted] = useState<{ readonly yaml: string; readonly text: string } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (work: () => Promise<void>) => {
    setBusy(true);
    setTold(null);
    setWanted(null);
    try {
      await work();
    } catch (error) {
      setTold({ text: error instanceof Error ? error.message : String(error), isBad: true });
    } finally {
      setBusy(false);
    }
  };
  const look = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const [chosen] = input.files ?? [];
    if (chosen === undefined) return;
    await run(async () => {
      const yaml = await chosen.text();
      setWanted({ yaml, text: importText(await importRules(yaml, true)) });
    });
    // The same file once more is a change, too.
    input.value = "";
  };
  const apply = (yaml: string) =>
    run(async () => {
      const { saved } = await importRules(yaml, false);
      setTold({ text: saved === 1 ? "One rule taken." : `${saved} rules taken.`, isBad: false });
      await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
    });
  return (
    <div className="rule-files">
      <Button component="a" size="xs" variant="default" href={RULES_YAML} download="alert-rules.yaml">
        Export YAML
      </Button>
      {maySet && (
        <>
          <input
            ref={file}
            type="file"
            className="visually-hidden"
            accept=".yaml,.yml"
            aria-label="Rules as YAML"
            tabIndex={-1}
            onChange={(event) => void look(event)}
          />
          <Button size="xs" variant="default" loading={isBusy} onClick={() => file.current?.click()}>
            Import YAML…
          </Button>
        </>
      )}
      {wanted !== null && (
        <>
          <span role="status" className="settings-note">
            {wanted.text}
          </span>
          <Button size="xs" autoFocus onClick={() => void apply(wanted.yaml)}>
            Apply
          </Button>
          <Button size="xs" variant="default" onClick={() => setWanted(null)}>
            Cancel
          </Button>
        </>
      )}
      {told !== null && (
        <span role={told.isBad ? "alert" : "status"} className={told.isBad ? "settings-mistake" : "settings-note"}>
          {told.text}
        </span>
      )}
    </div>
  );
}
