import { Button } from "@mantine/core";
import { useState } from "react";

/** What became of a try. */
export interface Tried {
  readonly ok: boolean;
  readonly error: string | null;
  /** What the other side said. */
  readonly said: string;
}

/** Most failures are told in the words of the other side already. */
function isRepeated({ error, said }: Tried): boolean {
  return error?.includes(said.replace(/^HTTP \d+:? ?/, "")) ?? false;
}

/** Tries it, and shows what the other side said. */
export function TestButton({ of, label = "Test", work }: { of: string; label?: string; work(): Promise<Tried> }) {
  const [tried, setTried] = useState<Tried | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setTried(null);
    try {
      setTried(await work());
    } catch (error) {
      setTried({ ok: false, error: error instanceof Error ? error.message : String(error), said: "" });
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button size="compact-sm" variant="default" loading={isBusy} aria-label={`${label} ${of}`} onClick={() => void run()}>
        {label}
      </Button>
      {tried !== null && (
        <span className={tried.ok ? "tried" : "tried tried-bad"} role={tried.ok ? "status" : "alert"}>
          {tried.ok ? "It was taken." : `It failed: ${tried.error ?? "no reason is told"}`}
          {tried.said !== "" && !isRepeated(tried) && <code>{tried.said}</code>}
        </span>
      )}
    </>
  );
}
