/** The open row beside others that were put aside: what they do not agree on. */
import type { FlowJson } from "@flowtrail/model";
import { Skeleton } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { type FlowKey, fetchFlow, flowKey } from "../../lib/api.ts";
import { useClock } from "../../lib/use-clock.ts";
import { endText } from "../traffic/describe.ts";
import { writeFlowKey } from "../traffic/query.ts";
import { comparedFacts } from "./compared-rows.ts";
import { TryAgain } from "./try-again.tsx";
import { useCompared } from "./use-compared.ts";
import "./reports.css";
import "./compared.css";

export function ComparedRows({ flow }: { flow: FlowJson }) {
  const { keys, toggle } = useCompared();
  const clock = useClock();
  const here = writeFlowKey(flowKey(flow));
  const others = keys.filter((key) => writeFlowKey(key) !== here);
  const answers = useQueries({
    queries: others.map((key) => ({
      queryKey: ["flow", key.reporter, key.flowId],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchFlow(key, signal),
    })),
  });
  if (others.length === 0)
    return (
      <p className="reports-note">
        This row is kept. Open another one (j, k or a click), to see here what differs between the two.
      </p>
    );
  const failed = answers.find(({ error }) => error !== null);
  if (failed?.error != null) return <TryAgain error={failed.error} onTry={() => void failed.refetch()} />;
  if (answers.some(({ data }) => data === undefined)) return <Skeleton height={120} radius="sm" />;
  const flows = [flow, ...answers.flatMap(({ data }) => (data === undefined ? [] : [data.flow]))];
  const { differing, same } = comparedFacts(flows, clock);
  return (
    <>
      <p className="reports-note">
        {differing.length === 0 ? "They say the same." : "What the rows do not agree on."}
        {same.length > 0 && ` The same in all of them: ${same.join(", ")}.`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="reports compared" tabIndex={0} aria-label="Compared rows">
        <table>
          <thead>
            <tr>
              <th scope="col">Row</th>
              {flows.map((one, i) => (
                <Head key={writeFlowKey(flowKey(one))} flow={one} onRemove={i === 0 ? null : toggle} />
              ))}
            </tr>
          </thead>
          <tbody>
            {differing.map(({ label, values }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {values.map((value, i) => (
                  <td key={writeFlowKey(flowKey(flows[i] ?? flow))}>{value ?? "–"}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Head({ flow, onRemove }: { flow: FlowJson; onRemove: ((key: FlowKey) => void) | null }) {
  const name = `${endText(flow, "src").main} → ${endText(flow, "dst").main}`;
  return (
    <th scope="col">
      {name}
      {onRemove === null ? (
        ", this row"
      ) : (
        <button
          type="button"
          className="compared-remove"
          aria-label={`Compare with ${name} no more`}
          title="Compare with it no more"
          onClick={() => onRemove(flowKey(flow))}
        >
          <IconX size={13} stroke={2} aria-hidden />
        </button>
      )}
    </th>
  );
}
