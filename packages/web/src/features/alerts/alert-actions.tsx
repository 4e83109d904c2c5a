/** What a person says of an alert: I look after it, not now, it is not done. */
import type { Alert } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { acknowledgeAlert, reopenAlert, silenceAlert } from "../../lib/api-alerts.ts";
import { useHotkeys } from "../../lib/hotkeys.ts";
import { useMe } from "../../lib/me.ts";
import { Choice, Field } from "../settings/fields.tsx";
import { ALERTS_KEY } from "./use-alerts.ts";

type Doing = "acknowledge" | "silence";

export function AlertActions({ alert }: { alert: Alert }) {
  const { maySet } = useMe();
  const client = useQueryClient();
  const [doing, setDoing] = useState<Doing | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const actions = useRef<HTMLDivElement>(null);
  const isOver = alert.state === "resolved";
  const run = async (work: Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work;
      setDoing(null);
      // The form that had the focus is gone.
      actions.current?.closest<HTMLElement>(".panel")?.focus({ preventScroll: true });
      await client.invalidateQueries({ queryKey: [ALERTS_KEY] });
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const begin = (what: Doing) => () => {
    if (!maySet || isOver) return false;
    setDoing(what);
    return true;
  };
  useHotkeys({ a: begin("acknowledge"), s: begin("silence") });
  if (!maySet || isOver) return null;
  return (
    <div className="alert-actions settings" ref={actions}>
      {doing === null && (
        <div className="settings-buttons">
          {alert.state === "open" && (
            <Button size="compact-sm" title="Somebody looks after it (a)" onClick={begin("acknowledge")}>
              Acknowledge
            </Button>
          )}
          {alert.state !== "silenced" && (
            <Button size="compact-sm" variant="default" title="Tell nobody of it for a while (s)" onClick={begin("silence")}>
              Silence
            </Button>
          )}
          {alert.state !== "open" && (
            <Button size="compact-sm" variant="default" loading={isBusy} onClick={() => void run(reopenAlert(alert.id))}>
              Open again
            </Button>
          )}
        </div>
      )}
      {doing === "acknowledge" && (
        <Acknowledge
          isBusy={isBusy}
          onLeave={() => setDoing(null)}
          onSend={(note) => void run(acknowledgeAlert(alert.id, note))}
        />
      )}
      {doing === "silence" && (
        <Silence isBusy={isBusy} onLeave={() => setDoing(null)} onSend={(silence) => void run(silenceAlert(alert.id, silence))} />
      )}
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem}
        </p>
      )}
    </div>
  );
}

interface FormProps<T> {
  readonly isBusy: boolean;
  onLeave(): void;
  onSend(value: T): void;
}

const focusFirst = (form: HTMLFormElement | null) => form?.querySelector<HTMLElement>("input, select")?.focus();

function Acknowledge({ isBusy, onLeave, onSend }: FormProps<string>) {
  const [note, setNote] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend(note.trim());
  };
  return (
    <form className="settings-inner" aria-label="Acknowledge" onSubmit={submit} ref={focusFirst}>
      <Field label="Note" about="What you found or will do. It may be empty." value={note} onChange={setNote} />
      <Buttons label="Acknowledge" isBusy={isBusy} onLeave={onLeave} />
    </form>
  );
}

const HOUR_S = 3600;
const SPANS = [
  { value: String(HOUR_S), label: "an hour" },
  { value: String(4 * HOUR_S), label: "4 hours" },
  { value: String(24 * HOUR_S), label: "a day" },
  { value: String(7 * 24 * HOUR_S), label: "a week" },
  { value: String(30 * 24 * HOUR_S), label: "30 days" },
] as const;

function Silence({ isBusy, onLeave, onSend }: FormProps<Parameters<typeof silenceAlert>[1]>) {
  const [span, setSpan] = useState<string>(SPANS[1].value);
  const [scope, setScope] = useState<"alert" | "labels">("alert");
  const [note, setNote] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend({ for_s: Number(span), scope, note: note.trim() });
  };
  return (
    <form className="settings-inner" aria-label="Silence" onSubmit={submit} ref={focusFirst}>
      <Choice label="For" value={span} options={SPANS} onChange={setSpan} />
      <Choice<"alert" | "labels">
        label="What"
        value={scope}
        options={[
          { value: "alert", label: "this alert" },
          { value: "labels", label: "the rule, for the same values" },
        ]}
        about={
          scope === "alert"
            ? "It comes back if it still holds then."
            : "Also what it finds of them later, as long as the silence lasts."
        }
        onChange={setScope}
      />
      <Field label="Note" value={note} onChange={setNote} />
      <Buttons label="Silence" isBusy={isBusy} onLeave={onLeave} />
    </form>
  );
}

function Buttons({ label, isBusy, onLeave }: { label: string; isBusy: boolean; onLeave(): void }) {
  return (
    <div className="settings-buttons">
      <Button type="submit" size="compact-sm" loading={isBusy}>
        {label}
      </Button>
      <Button size="compact-sm" variant="default" disabled={isBusy} onClick={onLeave}>
        Cancel
      </Button>
    </div>
  );
}
