import { Button } from "@mantine/core";
import { useMe } from "../../lib/me.ts";
import { useSample } from "./use-sample.ts";

/** To look around without an agent. */
export function SampleButton({ onStarted }: { onStarted(): void }) {
  const sample = useSample();
  const { maySet } = useMe();
  if (!maySet) return null;
  return (
    <>
      <Button variant="light" loading={sample.isPending} onClick={() => sample.mutate(true, { onSuccess: onStarted })}>
        Try with sample traffic
      </Button>
      {sample.isError && <p role="alert">{sample.error.message}</p>}
    </>
  );
}
