/** The reports of one connection side by side: what each node's kernel saw of it. */
import type { FlowJson } from "@flowtrail/model";
import type { Clock } from "../../lib/clock.ts";
import { useClock } from "../../lib/use-clock.ts";
import { VERDICT_LABELS } from "../../ui/verdict.tsx";
import { bytesText, directionLabel, durationText, endpointText, exactBytesText, reporterVolumes } from "../traffic/describe.ts";

interface Line {
  readonly label: string;
  readonly tip?: string;
  /** Should all reports agree? Then what differs is marked. */
  readonly same: boolean;
  readonly value: (flow: FlowJson, clock: Clock) => string;
  readonly detail?: (flow: FlowJson) => string;
}

const LINES: readonly Line[] = [
  { label: "Direction", same: false, value: (flow) => directionLabel(flow.direction) },
  { label: "Role", same: false, value: (flow) => flow.role },
  {
    label: "↓ Received",
    tip: "What this node received",
    same: false,
    value: (flow) => bytesText(reporterVolumes(flow).received),
    detail: (flow) => exactBytesText(reporterVolumes(flow).received),
  },
  {
    label: "↑ Sent",
    tip: "What this node sent",
    same: false,
    value: (flow) => bytesText(reporterVolumes(flow).sent),
    detail: (flow) => exactBytesText(reporterVolumes(flow).sent),
  },
  {
    label: "Source sent",
    same: true,
    value: (flow) => bytesText(flow.src_bytes),
    detail: (flow) => exactBytesText(flow.src_bytes),
  },
  {
    label: "Destination sent",
    same: true,
    value: (flow) => bytesText(flow.dst_bytes),
    detail: (flow) => exactBytesText(flow.dst_bytes),
  },
  { label: "Packets → / ←", same: true, value: (flow) => `${flow.src_packets ?? "–"} / ${flow.dst_packets ?? "–"}` },
  { label: "Source", same: false, value: (flow) => endpointText(flow.src_ip, flow.src_port) },
  { label: "Destination", same: false, value: (flow) => endpointText(flow.dst_ip, flow.dst_port) },
  { label: "Start", same: false, value: (flow, clock) => clock.timeWithMillis(Date.parse(flow.start)) },
  { label: "Duration", same: false, value: durationText },
  { label: "Verdict", same: true, value: (flow) => (flow.verdict === null ? "Not known" : VERDICT_LABELS[flow.verdict]) },
  { label: "End reason", same: false, value: (flow) => flow.end_reason?.replaceAll("_", " ") ?? "–" },
  { label: "In totals", tip: "One report of a connection counts", same: false, value: (flow) => (flow.primary ? "Yes" : "No") },
];

export function Reports({ flow, others }: { flow: FlowJson; others: readonly FlowJson[] }) {
  const reports = [flow, ...others];
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="reports" tabIndex={0} aria-label="Reports of this connection">
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              {reports.map((report) => (
                <th key={`${report.reporter}/${report.flow_id}`} scope="col">
                  {report.reporter}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {LINES.map((line) => (
              <CompareLine key={line.label} line={line} reports={reports} />
            ))}
          </tbody>
        </table>
      </section>
      <p className="reports-note">{note(reports)}</p>
    </>
  );
}

function CompareLine({ line, reports }: { line: Line; reports: readonly FlowJson[] }) {
  const clock = useClock();
  const differs = line.same && new Set(reports.map((report) => (line.detail ?? line.value)(report, clock))).size > 1;
  return (
    <tr className={differs ? "differs" : undefined}>
      <th scope="row" title={line.tip}>
        {line.label}
      </th>
      {reports.map((report) => (
        <td key={`${report.reporter}/${report.flow_id}`} title={line.detail?.(report)}>
          {line.value(report, clock)}
        </td>
      ))}
    </tr>
  );
}

function note(reports: readonly FlowJson[]): string {
  if (reports.length === 1) return "Only this node has reported the connection.";
  const [first] = reports;
  const sameBytes = reports.every((r) => r.src_bytes === first?.src_bytes && r.dst_bytes === first?.dst_bytes);
  return sameBytes
    ? "Each node tells what it received and sent itself, so ↓ and ↑ are mirrored at the two ends. What the source and the destination sent is the same in all reports."
    : "The nodes counted different amounts (marked): bytes were lost on the way, or a report is older than the others.";
}
