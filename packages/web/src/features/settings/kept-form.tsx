/** The frame of a form for a recipient or a sink: saved when nothing is wrong, tried before that, left after a question. */
import { Button } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { focusNow } from "./focus.ts";
import { LeaveDialog } from "./leave-dialog.tsx";
import { problemsOf } from "./problems.ts";
import { TestButton, type Tried } from "./test-button.tsx";

interface Saving {
  /** Somebody pressed Save: from then on mistakes are shown. */
  readonly wasTried: boolean;
  readonly problem: unknown;
  readonly isBusy: boolean;
  readonly isDirty: boolean;
  /** Of fields, by their paths: those found here, and those that the server found. */
  mistakes(found: Readonly<Record<string, string>>): Readonly<Record<string, string>>;
  submit(event: FormEvent): void;
  /** Something was changed: what the server said is of before. */
  edited(): void;
}

/** @param save resolves when it is saved; what it throws is shown */
export function useSaving({
  body,
  isWrong,
  save,
}: {
  readonly body: object;
  readonly isWrong: boolean;
  readonly save: () => Promise<void>;
}): Saving {
  const [wasTried, setTried] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const text = JSON.stringify(body);
  const [begun] = useState(text);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isWrong) return;
    setBusy(true);
    try {
      await save();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return {
    wasTried,
    problem,
    isBusy,
    isDirty: text !== begun,
    mistakes: (found) => ({ ...(wasTried ? found : {}), ...problemsOf(problem) }),
    submit: (event) => void submit(event),
    edited: () => setProblem(null),
  };
}

export interface KeptFormProps {
  readonly title: string;
  readonly saving: Saving;
  readonly saveLabel: string;
  readonly children: ReactNode;
  /** Tries what is not saved yet. */
  test(): Promise<Tried>;
  onLeave(): void;
}

export function KeptForm({ title, saving, saveLabel, children, test, onLeave }: KeptFormProps) {
  const { problem, isBusy, isDirty, submit } = saving;
  return (
    <form className="settings-inner handed-form" onSubmit={submit} tabIndex={-1} ref={focusNow}>
      <LeaveDialog isDirty={isDirty} />
      <h3>{title}</h3>
      {children}
      {problem !== null && (
        <p role="alert" className="settings-mistake">
          {problem instanceof Error ? problem.message : String(problem)}
        </p>
      )}
      <div className="settings-buttons">
        <Button type="submit" size="sm" loading={isBusy}>
          {saveLabel}
        </Button>
        <TestButton of="these settings" work={test} />
        <Button size="sm" variant="default" disabled={isBusy} onClick={onLeave}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
