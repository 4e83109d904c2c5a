import { shipped } from "./rule.ts";

export const TRUST = [
  shipped({
    id: "outside-policy",
    name: "Outside of every policy",
    severity: "medium",
    watch: { kind: "outside-policy", settings: { least_connections: 1 } },
    window_s: 600,
    mitre: ["T1021"],
    explanation: {
      what: "Two that talk to each other, and no policy allows it. Policies say who may talk to whom, by name, type, tag, address, domain and port; only networks of which a policy speaks are looked at, so that nothing is told until there is one.",
      first:
        "Decide whether it should be allowed: then write it into a policy. If not, close it where it can be closed (a firewall, Netmaker's ACLs): this rule only sees.",
      tune: "Policies are the tuning: begin with wide ones (all users to all gateways) and see what is left. `least_connections` leaves single attempts out.",
    },
  }),
  shipped({
    id: "listed",
    name: "Listed address or domain",
    severity: "high",
    watch: { kind: "listed", settings: { lists: [] } },
    window_s: 600,
    clear_s: 3600,
    mitre: ["T1071"],
    explanation: {
      what: "Somebody talks to an address or a domain that stands on one of your lists (files in the directory of lists), or such an address talks to somebody here. It is silent without lists.",
      first:
        "Look which list it is and how old its entry; look at what was sent. Isolate the machine if the list is one of malware.",
      tune: "`lists` takes only some of them; a rule for each list gives each its own severity. Lists of advertisers belong into a rule of severity info.",
    },
  }),
  shipped({
    id: "removed-node",
    name: "Traffic of who was removed",
    severity: "high",
    watch: { kind: "removed", settings: { grace_s: 600, days: 30 } },
    window_s: 600,
    mitre: ["T1078"],
    explanation: {
      what: "An address of a node, a user's device or a config file that was removed or disabled more than ten minutes ago still talks, or answers: the change has not reached every gateway, or somebody kept the keys.",
      first: "Look which gateway let it through and whether its peers were updated; take the peer out by hand until it is.",
      tune: "`grace_s` is how long after the removal it may go on. An address that somebody else has got since is theirs.",
    },
  }),
] as const;
