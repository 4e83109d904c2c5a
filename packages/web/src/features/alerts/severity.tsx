import type { AlertSeverity } from "@flowtrail/model";
import { IconAlertCircle, IconAlertOctagon, IconAlertTriangle, IconInfoCircle, IconUrgent } from "@tabler/icons-react";
import "./severity.css";

const ICONS = {
  info: IconInfoCircle,
  low: IconAlertCircle,
  medium: IconAlertTriangle,
  high: IconAlertOctagon,
  critical: IconUrgent,
} as const;

export const SEVERITY_LABELS: Readonly<Record<AlertSeverity, string>> = {
  info: "Info",
  low: "Low",
  medium: "Medium",
  high: "High",
  critical: "Critical",
};

/** Said by sign, word and colour. */
export function SeverityTag({ severity }: { severity: AlertSeverity }) {
  const Icon = ICONS[severity];
  return (
    <span className={`severity severity-${severity}`}>
      <Icon size={15} stroke={1.9} aria-hidden />
      {SEVERITY_LABELS[severity]}
    </span>
  );
}
