import type { Alert } from "@flowtrail/model";
import { fieldLabel } from "../../lib/filter-text.ts";
import { AskedElsewhere } from "../../lib/use-asked.ts";
import { GroupName } from "../overview/names.tsx";
import { evidenceWindow } from "./alert-words.ts";
import { isField } from "./fields.ts";

/** Whom and what it is about: each value asks for more of it, in the time of the alert. */
export function AlertLabels({ alert }: { alert: Alert }) {
  const labels = Object.entries(alert.labels);
  if (labels.length === 0) return null;
  return (
    <AskedElsewhere value={{ network: null, window: evidenceWindow(alert), q: "" }}>
      <span className="alert-labels">
        {labels.map(([field, text]) => (
          <span key={field} className="alert-label">
            <span className="alert-label-name">{isField(field) ? fieldLabel(field) : field}</span>
            {isField(field) ? (
              <GroupName
                field={field}
                group={isNone(alert, field, text) ? null : text}
                {...(field === "reporter" && { entity: "node" })}
              />
            ) : (
              text
            )}
          </span>
        ))}
      </span>
    </AskedElsewhere>
  );
}

/** What has no value is called "none" in labels; only the evidence tells it from somebody of that name. */
function isNone({ q }: Alert, field: string, text: string): boolean {
  return text === "none" && q.includes(`${field}=null`);
}
