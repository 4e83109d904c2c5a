/** What has a page of its own: its sign and its word. */
import { IconNetwork } from "@tabler/icons-react";
import { PARTICIPANT_ICONS, PARTICIPANT_LABELS } from "./participant.tsx";

export const ENTITY_ICONS = { ...PARTICIPANT_ICONS, network: IconNetwork } as const;
export const ENTITY_LABELS = { ...PARTICIPANT_LABELS, network: "Network" } as const;
