import { above, measure, shipped } from "./rule.ts";

export const PLAIN_TEXT = [
  shipped({
    id: "plain-text-login",
    name: "Login in plain text",
    severity: "medium",
    q: "protocol = tcp and dst.port in (21, 23, 512, 513, 514, 110, 143) and verdict = answered",
    watch: measure({ kind: "connections" }, ["network", "src.name", "dst.port"], above(0)),
    window_s: 600,
    clear_s: 3600,
    mitre: ["T1040", "T1021"],
    explanation: {
      what: "Telnet, FTP, the r-commands, POP3 or IMAP without encryption, and it was answered: whoever listens on the way reads names and passwords. (Within WireGuard the way is encrypted; behind a gateway it is not.)",
      first: "Find the server and switch it to SSH, SFTP or TLS. Change the passwords that were used.",
      tune: "An old device that can nothing else: leave it out by the filter (dst.name != …).",
    },
  }),
  shipped({
    id: "plain-text-out",
    name: "Much in plain text to the internet",
    severity: "low",
    q: "protocol = tcp and dst.port = 80 and dst.type = external and src.bytes > 100MiB",
    watch: measure({ kind: "connections" }, ["network", "src.name"], above(0)),
    window_s: 600,
    clear_s: 3600,
    mitre: ["T1048.003"],
    explanation: {
      what: "More than 100 MiB were sent out over HTTP without encryption in one connection. Browsing without it is rare and harmless enough; sending very much is neither.",
      first: "Look at the domain: an old upload or telemetry of a device is usual. What went there can be read on the way.",
      tune: "The size in the filter (src.bytes), or leave the destination out (domain != …).",
    },
  }),
] as const;
