import type { Health } from "../../lib/api-types.ts";
import { ALERTS_PATH, SETTINGS_PATH } from "../../lib/paths.ts";
import { PageLink } from "../../ui/page-link.tsx";
import { useRules } from "../alerts/use-alerts.ts";
import { type OutwardLine, recipientLine, ruleLines, sinkLine } from "./outward-words.ts";
import "./agent-table.css";
import "./inventory-section.css";

/** What looks at the log, whom it tells, and where records are handed to. */
export function OutwardSection({ health }: { health: Health }) {
  const rules = useRules();
  const unknown = [
    ...(rules.error === null ? [] : [`Rules could not be asked for: ${rules.error.message}`]),
    ...(health.recipients === null ? ["Recipients could not be asked for: the store does not answer."] : []),
    ...(health.sinks === null ? ["Sinks could not be asked for: the store does not answer."] : []),
  ];
  const lines = [
    ...(rules.data === undefined ? [] : ruleLines(rules.data.rules, rules.dataUpdatedAt)),
    ...(health.recipients ?? []).map(recipientLine),
    ...(health.sinks ?? []).map(sinkLine),
  ];
  return (
    <section>
      <h2>Alerts and sinks</h2>
      {unknown.map((text) => (
        <p key={text} className="inventory-none">
          {text}
        </p>
      ))}
      {lines.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section className="agents" tabIndex={0} aria-label="Alerts, recipients and sinks">
          <table>
            <thead>
              <tr>
                <th scope="col">Kind</th>
                <th scope="col">Name</th>
                <th scope="col">How it goes</th>
              </tr>
            </thead>
            {lines.map((line) => (
              <tbody key={line.key}>
                <tr>
                  <td>{KINDS[line.leadsTo]}</td>
                  <th scope="row">
                    <PageLink {...placeOf(line)}>{line.name}</PageLink>
                  </th>
                  <td className="outward-text">
                    <span className={`agent-dot ${line.isBad ? "agent-silent" : "agent-well"}`} aria-hidden />
                    {line.text}
                  </td>
                </tr>
                {line.fix !== null && (
                  <tr className="agent-note">
                    <td colSpan={3} className="agent-note-bad">
                      {line.fix}
                    </td>
                  </tr>
                )}
              </tbody>
            ))}
          </table>
        </section>
      )}
    </section>
  );
}

const KINDS = { rules: "Alerts", recipients: "Recipient", sinks: "Sink" } as const;

function placeOf({ leadsTo }: OutwardLine) {
  return leadsTo === "rules"
    ? { path: ALERTS_PATH, params: new URLSearchParams({ tab: "rules" }) }
    : { path: SETTINGS_PATH, params: new URLSearchParams({ section: leadsTo }) };
}
