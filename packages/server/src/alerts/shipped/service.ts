import { shipped } from "./rule.ts";

export const SERVICE = [
  shipped({
    id: "agent-silent",
    name: "Agent silent",
    severity: "medium",
    watch: { kind: "agent-silent", settings: { least_s: 300, forget_days: 7 } },
    window_s: 60,
    clear_s: 60,
    mitre: ["T1562.001"],
    explanation: {
      what: "An agent has said nothing for five minutes, although agents say every few seconds that they are there: the node is down, it can't reach the server, or somebody stopped the agent. What happens there meanwhile is not recorded (or waits on its disk).",
      first: "Look whether the node answers at all; then `systemctl status flowtrail-agent` and its log there.",
      tune: "`least_s` for links that are often down. Revoke the token of a node that is gone for good: nobody waits for it then.",
    },
  }),
  shipped({
    id: "clock-skew",
    name: "Clock wrong",
    severity: "low",
    watch: { kind: "clock-skew", settings: { least_s: 30 } },
    window_s: 60,
    for_s: 120,
    clear_s: 300,
    explanation: {
      what: "The clock of a node is more than 30 seconds off the server's: its flows stand at the wrong time, and two ends of a connection may not be joined.",
      first: "Look at its time service (`timedatectl`, `chronyc tracking`). If all nodes are off, it is the server's clock.",
      tune: "`least_s`.",
    },
  }),
  shipped({
    id: "disk-forecast",
    name: "Store full soon",
    severity: "medium",
    watch: { kind: "disk", settings: { least_days: 7 } },
    window_s: 300,
    clear_s: 3600,
    explanation: {
      what: "At the rate of the last days the store is full within a week, so that flows go sooner than they should; or old rows can't be deleted.",
      first: "Raise the limit (storage in Settings), or keep fewer days.",
      tune: "`least_days`.",
    },
  }),
] as const;
