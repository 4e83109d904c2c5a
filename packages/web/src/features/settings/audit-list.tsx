import { type AuditLine, auditSearch, auditWho, auditWords } from "@flowtrail/model";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { useClock } from "../../lib/use-clock.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { changeText } from "./audit-words.ts";
import "./audit-list.css";

/** Each line is a sentence. What else is known of it is behind it. */
export function AuditList({ lines }: { lines: readonly AuditLine[] }) {
  const clock = useClock();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section className="settings-table audit-list" tabIndex={0} aria-label="Audit log, newest first">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.id}>
              <td title={clock.exact(Date.parse(line.time))}>{clock.dayAndTime(Date.parse(line.time))}</td>
              <td className="settings-what">
                <strong>{auditWho(line)}</strong> {auditWords(line, changeText)}
                <Again line={line} />
                <More line={line} />
              </td>
              <td>{line.address}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Again({ line }: { line: AuditLine }) {
  const asked = auditSearch(line);
  if (asked === null) return null;
  return (
    <>
      {" "}
      <PageLink path={TRAFFIC_LOGS_PATH} params={new URLSearchParams(asked)}>
        Open this search
      </PageLink>
    </>
  );
}

function More({ line }: { line: AuditLine }) {
  const { action, details, last, count, request, server, status, who } = line;
  const told = { action, status, ...(count > 1 && { last }), role: who.role, account: who.account, ...details, server, request };
  const known = Object.entries(told).filter(([, value]) => value !== "" && value !== null);
  return (
    <details>
      <summary>Details</summary>
      <pre>
        {known
          .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value, null, 2)}`)
          .join("\n")}
      </pre>
    </details>
  );
}
