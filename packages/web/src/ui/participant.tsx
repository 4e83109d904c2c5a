import type { ParticipantType } from "@flowtrail/model";
import { IconFileText, IconHelp, IconRoute, IconServer2, IconUser, IconWorld } from "@tabler/icons-react";

export const PARTICIPANT_LABELS: Readonly<Record<ParticipantType, string>> = {
  node: "Node",
  user: "User",
  extclient: "Config file",
  egress_route: "Egress route",
  external: "External",
  unknown: "Unknown",
};

export const PARTICIPANT_ICONS = {
  node: IconServer2,
  user: IconUser,
  extclient: IconFileText,
  egress_route: IconRoute,
  external: IconWorld,
  unknown: IconHelp,
} as const;

/** The sign of a participant's type. Its name stands beside it in text. */
export function ParticipantIcon({ type }: { type: ParticipantType }) {
  const Icon = PARTICIPANT_ICONS[type] ?? IconHelp;
  return <Icon className="participant-icon" size={15} stroke={1.7} aria-hidden />;
}
