/** The open row beside others that were put aside: what they do not agree on. */
import type { FlowJson } from "@flowtrail/model";
import { Button, Skeleton } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQueries } from "@tanstack/react-query";
import { type FlowKey, fetchFlow, flowKey } from "../../lib/api.ts";
import { useClock } from "../../lib/use-clock.ts";
import { endText } from "../traffic/describe.ts";
import { writeFlowKey } from "../traffic/query.ts";
import { comparedFacts } from "./compared-rows.ts";
import { useCompared } from "./use-compared.ts";
import "./reports.css";
import "./compared.css";

export function ComparedRows({ flow }: { flow: FlowJson }) {
  const { keys, toggle } = useCompared();
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
  if (answers.some(({ data, error }) => data === undefined && error === null)) return <Skeleton height={120} radius="sm" />;
  const flows = [flow, ...answers.flatMap(({ data }) => (data === undefined ? [] : [data.flow]))];
  const missing = others.flatMap((key, i) => {
    const { data, error, refetch } = answers[i] ?? {};
    return data === undefined && error != null ? [{ key, error, refetch }] : [];
  });
  return (
    <>
      {missing.map(({ key, error, refetch }) => (
        <Missing
          key={writeFlowKey(key)}
          name={writeFlowKey(key)}
          error={error}
          onTry={() => void refetch?.()}
          onRemove={() => toggle(key)}
        />
      ))}
      {flows.length > 1 && <Table flows={flows} onRemove={toggle} />}
    </>
  );
}

interface MissingProps {
  readonly name: string;
  readonly error: Error;
  onTry(): void;
  onRemove(): void;
}

/** A row that is gone, or that could not be asked for: the others are compared all the same. */
function Missing({ name, error, onTry, onRemove }: MissingProps) {
  return (
    <p className="compared-missing" role="status">
      <span>
        <strong>{name}</strong>: {error.message}
      </span>
      <Button size="compact-xs" variant="default" onClick={onTry}>
        Try again
      </Button>
      <Remove name={name} onRemove={onRemove} />
    </p>
  );
}

/** The first one is the open row. */
function Table({ flows, onRemove }: { flows: readonly FlowJson[]; onRemove(key: FlowKey): void }) {
  const clock = useClock();
  const keys = flows.map((flow) => writeFlowKey(flowKey(flow)));
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
                <Head key={keys[i]} flow={one} onRemove={i === 0 ? null : onRemove} />
              ))}
            </tr>
          </thead>
          <tbody>
            {differing.map(({ label, values }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                {values.map((value, i) => (
                  <td key={keys[i]}>{value ?? "–"}</td>
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
      {onRemove === null ? ", this row" : <Remove name={name} onRemove={() => onRemove(flowKey(flow))} />}
    </th>
  );
}

function Remove({ name, onRemove }: { name: string; onRemove(): void }) {
  return (
    <button
      type="button"
      className="compared-remove"
      aria-label={`Compare with ${name} no more`}
      title="Compare with it no more"
      onClick={onRemove}
    >
      <IconX size={13} stroke={2} aria-hidden />
    </button>
  );
}
