/** The reports of one connection side by side: what each node's kernel saw of it, and what they do not agree on. */
import type { FlowJson } from "@flowtrail/model";
import { useClock } from "../../lib/use-clock.ts";
import { type DifferenceKind, differences } from "./compare.ts";
import { deltaText, REPORT_LINES, type ReportLine } from "./report-lines.ts";
import "./reports.css";

const KIND_LABELS: Readonly<Record<DifferenceKind, string>> = {
  older: "Older report",
  loss: "Loss",
  way: "Other way",
  offload: "Offload",
  clock: "Clock",
  nat: "NAT",
};

/** What is as it should be. */
const HARMLESS: ReadonlySet<DifferenceKind> = new Set(["older", "offload", "nat"]);

const keyOf = ({ reporter, flow_id }: FlowJson) => `${reporter}/${flow_id}`;

export function Reports({ flow, others }: { flow: FlowJson; others: readonly FlowJson[] }) {
  const reports = [flow, ...others];
  const found = differences(reports);
  return (
    <>
      <p className="reports-note">{note(reports)}</p>
      {found.length > 0 && (
        <ul className="differences">
          {found.map(({ kind, text }) => (
            <li key={text} className={HARMLESS.has(kind) ? undefined : "difference-warn"}>
              <strong>{KIND_LABELS[kind]}</strong> {text}
            </li>
          ))}
        </ul>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="reports" tabIndex={0} aria-label="Reports of this connection">
        <table>
          <thead>
            <tr>
              <th scope="col">Node</th>
              {reports.map((report) => (
                <th key={keyOf(report)} scope="col">
                  {report.reporter}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {REPORT_LINES.map((line) => (
              <CompareLine key={line.label} line={line} reports={reports} kinds={found.map(({ kind }) => kind)} />
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

interface CompareLineProps {
  readonly line: ReportLine;
  readonly reports: readonly FlowJson[];
  readonly kinds: readonly DifferenceKind[];
}

function CompareLine({ line, reports, kinds }: CompareLineProps) {
  const clock = useClock();
  const values = reports.map((report) => (line.exact ?? line.value)(report, clock));
  const marked = line.marked === true || (line.marked !== undefined && kinds.includes(line.marked));
  const differs = marked && new Set(values).size > 1;
  const [first] = reports as [FlowJson, ...FlowJson[]];
  return (
    <tr className={differs ? "differs" : undefined}>
      <th scope="row" title={line.tip}>
        {line.label}
      </th>
      {reports.map((report) => {
        const delta = differs ? deltaText(line, first, report) : null;
        return (
          <td key={keyOf(report)} title={line.exact?.(report)}>
            {line.value(report, clock)}
            {delta !== null && <span className="report-delta">{delta}</span>}
          </td>
        );
      })}
    </tr>
  );
}

function note(reports: readonly FlowJson[]): string {
  if (reports.length === 1) return "Only this node has reported the connection.";
  const [first] = reports;
  const sameBytes = reports.every((r) => r.src_bytes === first?.src_bytes && r.dst_bytes === first?.dst_bytes);
  const mirrored = "Each node tells what it received and sent itself, so ↓ and ↑ are mirrored at the two ends.";
  return sameBytes
    ? `${mirrored} What the source and the destination sent is the same in all reports.`
    : `${mirrored} What the source and the destination sent should be the same in all reports; where it is not, it is marked.`;
}
