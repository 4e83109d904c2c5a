/** A button that asks back before it does what can't be undone, in its own place. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { focusIfLost, focusNow, SECTION_TITLE } from "./focus.ts";

export interface ConfirmProps {
  readonly label: string;
  /** Whom or what it is done to, for who can't see the row. */
  readonly of: string;
  /** What will be. */
  readonly warning: string;
  /** What the other button says. */
  readonly keep: string;
  work(): Promise<unknown>;
}

export function Confirm({ label, of, warning, keep, work }: ConfirmProps) {
  const [state, setState] = useState<"idle" | "asked" | "busy" | "kept">("idle");
  if (state === "idle" || state === "kept") {
    return (
      <Button
        size="compact-sm"
        variant="default"
        autoFocus={state === "kept"}
        aria-label={`${label} ${of}`}
        onClick={() => setState("asked")}
      >
        {label}
      </Button>
    );
  }
  const isBusy = state === "busy";
  const run = () => {
    setState("busy");
    void work().finally(() => {
      setState("idle");
      focusIfLost(SECTION_TITLE);
    });
  };
  return (
    <>
      <span className="settings-note" tabIndex={-1} ref={focusNow}>
        {warning}{" "}
      </span>
      <Button size="compact-sm" color="red" variant="light" disabled={isBusy} onClick={run}>
        {label}
      </Button>{" "}
      <Button size="compact-sm" variant="default" disabled={isBusy} onClick={() => setState("kept")}>
        {keep}
      </Button>
    </>
  );
}
