import { above, measure, shipped } from "./rule.ts";

export const OUTSIDE = [
  shipped({
    id: "first-contact",
    name: "First contact",
    severity: "low",
    q: "src.type in (node, user, extclient)",
    watch: {
      kind: "first-contact",
      settings: { history_days: 30, least_days: 7, most_new: 1, least_repeats: 3, known_to_others: true },
    },
    window_s: 600,
    clear_s: 3600,
    mitre: ["T1071"],
    explanation: {
      what: "A node or a user who always talks to the same few outside talks to a domain or an address that nobody of the network has met in 30 days. What was taken over, or updated, talks to somebody new. It is silent about those who meet somebody new all the time (who browses), and in the first seven days.",
      first:
        "Look who the other side is and what was sent. A new version of a program is the usual reason: somebody should know of it.",
      tune: "`most_new` (new ones in the week before) makes it watch livelier ones, `least_days` later ones, `known_to_others: false` asks each one's own history.",
    },
  }),
  shipped({
    id: "beacon",
    name: "Beacon",
    severity: "medium",
    q: "dst.type = external and verdict != denied",
    watch: {
      kind: "beacon",
      settings: { least_connections: 24, least_interval_s: 20, most_jitter: 0.15, most_bytes: 65_536, most_sources: 2 },
    },
    window_s: 14_400,
    clear_s: 14_400,
    mitre: ["T1071", "T1573"],
    explanation: {
      what: "Small connections at regular intervals to somebody outside whom hardly anybody else talks to: so asks for orders what has taken hold of a machine. Time, names and what more than two talk to are left out.",
      first:
        "Look up the destination and ask which program does this (process names, if they are recorded). Health checks and licence servers do the same.",
      tune: "Leave a known one out by the filter (domain != …). `most_jitter` is how irregular it may be, `most_sources` how many may talk to the same, the window how slow it may be (at least 24 times).",
    },
  }),
  shipped({
    id: "exfiltration",
    name: "Unusual upload",
    severity: "high",
    q: "dst.type = external",
    watch: { kind: "upload", settings: { least_bytes: 5 * 2 ** 30, factor: 3, days: 14, least_days: 5 } },
    window_s: 3600,
    clear_s: 3600,
    mitre: ["T1048", "T1567"],
    explanation: {
      what: "Somebody sends more than 5 GiB out within an hour, and three times what it sent on its busiest day of two weeks: a leak, or a backup that goes elsewhere than yesterday.",
      first:
        "Look where it went and when it began. Stop it first if the destination is nobody's: what is out does not come back.",
      tune: "`least_bytes` is what is never told, `factor` against its own busiest day. Who is new (fewer than five days) is not told of.",
    },
  }),
  shipped({
    id: "elephant-flow",
    name: "Very large connection",
    severity: "low",
    q: "dst.type = external",
    watch: { kind: "large-flow", settings: { least_bytes: 100 * 2 ** 30 } },
    window_s: 900,
    clear_s: 3600,
    mitre: ["T1048"],
    explanation: {
      what: "One connection with somebody outside has moved more than 100 GiB: a copy of very much, in or out.",
      first:
        "Look at the direction of the bytes and the destination. An image or a backup is usual, out to nobody's address is not.",
      tune: "`least_bytes`, or leave the backup's destination out by the filter.",
    },
  }),
  shipped({
    id: "long-flow",
    name: "Very long connection",
    severity: "low",
    q: "dst.type = external",
    watch: { kind: "large-flow", settings: { least_hours: 48 } },
    window_s: 900,
    clear_s: 3600,
    mitre: ["T1572"],
    explanation: {
      what: "One connection with somebody outside has lasted for more than two days: a tunnel, a forgotten session, a remote control.",
      first: "Look which program keeps it open and who the other side is. Chats and notifications reconnect sooner.",
      tune: "`least_hours`, or leave a known tunnel out by the filter.",
    },
  }),
  shipped({
    id: "foreign-dns",
    name: "DNS to a foreign resolver",
    severity: "low",
    q: "dst.type = external and dst.port in (53, 853) and protocol in (tcp, udp)",
    watch: measure({ kind: "connections" }, ["network", "src.name", "dst.ip"], above(20)),
    window_s: 600,
    clear_s: 3600,
    mitre: ["T1071.004"],
    explanation: {
      what: "Somebody asks a resolver outside of the network for names, more than 20 times in ten minutes: it goes past your own resolver and what that one blocks, and data can be carried out in names.",
      first:
        "Look whether it is a well-known public resolver (somebody set it by hand) or nobody's address (then look at the sizes).",
      tune: "Leave the resolvers that you use on purpose out: add `and dst.ip not in (9.9.9.9, …)` to the filter.",
    },
  }),
] as const;
