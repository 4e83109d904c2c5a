import type { Verdict } from "@flowtrail/model";
import { IconCheck, IconHourglassEmpty, IconShieldX, IconX } from "@tabler/icons-react";
import "./verdict.css";

export const VERDICT_LABELS: Readonly<Record<Verdict, string>> = {
  answered: "Answered",
  refused: "Refused",
  unanswered: "No answer",
  denied: "Denied",
};

const TIPS: Readonly<Record<Verdict, string>> = {
  answered: "The destination answered",
  refused: "The destination answered with a reset or an “unreachable”: nothing listens there",
  unanswered: "No reply came: a filtered port or a host that is away",
  denied: "A firewall rule dropped it",
};

const ICONS = { answered: IconCheck, refused: IconX, unanswered: IconHourglassEmpty, denied: IconShieldX } as const;

/** Said by colour, sign and word. */
export function VerdictTag({ verdict }: { verdict: Verdict | null }) {
  if (verdict === null) {
    return (
      <span className="verdict verdict-unknown" title="Not known yet, or its sender does not tell">
        –<span className="visually-hidden">Not known</span>
      </span>
    );
  }
  const Icon = ICONS[verdict];
  return (
    <span className={`verdict verdict-${verdict}`} title={TIPS[verdict]}>
      <Icon size={14} stroke={2} aria-hidden />
      {VERDICT_LABELS[verdict]}
    </span>
  );
}
