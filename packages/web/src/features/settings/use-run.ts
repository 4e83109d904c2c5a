import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

/** Does something and asks again for what it changed. `problem`: why the last one failed. */
export function useRun(changed: QueryKey): { readonly problem: string | null; run(work: Promise<unknown>): Promise<void> } {
  const [problem, setProblem] = useState<string | null>(null);
  const client = useQueryClient();
  const run = async (work: Promise<unknown>) => {
    setProblem(null);
    await work.catch((failure: unknown) => setProblem(failure instanceof Error ? failure.message : String(failure)));
    await client.invalidateQueries({ queryKey: changed });
  };
  return { problem, run };
}
