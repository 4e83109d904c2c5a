import { above, measure, shipped } from "./rule.ts";

export const SCANS = [
  shipped({
    id: "port-scan",
    name: "Port scan",
    severity: "high",
    watch: { kind: "scan", settings: { of: "ports", least: 50, most_answered: 0.5 } },
    window_s: 300,
    mitre: ["T1046"],
    explanation: {
      what: "Somebody tries many ports of one host within minutes, and most of them give no answer. Whoever does not know a host looks so for what it offers: the first thing that an intruder does.",
      first:
        "Open the flows and look which ports answered and what was sent there. Ask whose machine it is whether it runs a scanner.",
      tune: "Leave your own scanner out by the filter (src.name != scanner), or raise `least` (ports within the window). A slower scan needs a longer window.",
    },
  }),
  shipped({
    id: "host-sweep",
    name: "Host sweep",
    severity: "high",
    watch: { kind: "scan", settings: { of: "hosts", least: 40, most_answered: 0.5 } },
    window_s: 300,
    mitre: ["T1018", "T1046"],
    explanation: {
      what: "Somebody tries one port (or ping) on many hosts within minutes, and most of them give no answer. So spreads what looks for the next machine to take.",
      first:
        "Look which hosts answered, and whether more than a few bytes went there. Isolate the machine if nobody knows why it does this.",
      tune: "Leave monitoring and discovery out by the filter (src.name not in (…)), or raise `least` (hosts within the window).",
    },
  }),
  shipped({
    id: "unanswered-spike",
    name: "Many attempts without an answer",
    severity: "medium",
    q: "type != external",
    watch: measure(
      { kind: "share", verdicts: ["unanswered", "refused"], least_connections: 60 },
      ["network", "src.name"],
      above(0.7),
    ),
    window_s: 600,
    mitre: ["T1046"],
    explanation: {
      what: "Most of what somebody tries within the network is refused or not answered at all: a service that is gone, a wrong address in a configuration, a firewall that was changed, or somebody who searches.",
      first: "Look at the destinations: one that everybody misses is down; many are a search.",
      tune: "Raise the share or the least number of connections; take a host that is down on purpose out by the filter.",
    },
  }),
  shipped({
    id: "denied-spike",
    name: "Many denied attempts",
    severity: "medium",
    q: "verdict = denied",
    watch: measure({ kind: "reports" }, ["network", "src.name"], above(60)),
    window_s: 600,
    mitre: ["T1046"],
    explanation: {
      what: "A firewall drops much of what somebody sends: more than 60 denied attempts (each of one pair of addresses, port and minute) in ten minutes. It needs agents that record what is denied.",
      first: "Look at the rule that drops it and the destinations: a program that was forgotten repeats itself, a search varies.",
      tune: "Raise the limit, or leave a rule out by the filter (rule != …). Without capture.denied it is silent.",
    },
  }),
] as const;
