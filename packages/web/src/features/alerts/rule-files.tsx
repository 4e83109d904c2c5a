/** Rules as a file: for another server, or to be kept with other configuration. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type ChangeEvent, useRef, useState } from "react";
import { importRules, RULES_YAML } from "../../lib/api-alerts.ts";
import { useMe } from "../../lib/me.ts";
import { ALERTS_KEY } from "./use-alerts.ts";

export function RuleFiles() {
  const { maySet } = useMe();
  const client = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState<{ readonly text: string; readonly isBad: boolean } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const take = async (event: ChangeEvent<HTMLInputElement>) => {
    const input = event.currentTarget;
    const [chosen] = input.files ?? [];
    if (chosen === undefined) return;
    setBusy(true);
    try {
      setTold({ text: await importRules(await chosen.text()), isBad: false });
      await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
    } catch (error) {
      setTold({ text: error instanceof Error ? error.message : String(error), isBad: true });
    } finally {
      setBusy(false);
      // The same file once more is a change, too.
      input.value = "";
    }
  };
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
            onChange={(event) => void take(event)}
          />
          <Button size="xs" variant="default" loading={isBusy} onClick={() => file.current?.click()}>
            Import YAML…
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
