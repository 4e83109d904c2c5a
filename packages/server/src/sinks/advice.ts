/** What to do when an endpoint does not take records, for people. */
import type { Why } from "./ports.ts";

const ADVICE: Readonly<Record<string, string>> = {
  unauthorized: "Set its secret again, and see that it may write there.",
  unreachable: "See that the endpoint runs, and that this server reaches it: address, port, firewall.",
  timeout: "The endpoint is slow: give it more time (timeout_s), or send fewer records at once (max_events).",
  tls: "See that its certificate is valid, or name the authority that signed it (ca_file).",
  busy: "Nothing: it has more than it can take now. If that stays so, let it have more resources.",
  too_large: "Let it take larger requests.",
  mapping: "Its fields have other types than ours: use the template of docs/how-to/sinks.md, then send the parked records again.",
  answer: "See that the URL is right: something else answers there.",
  http_404: "See that the URL is right, and that what it names exists.",
  http_405: "See that the URL is right: nothing is taken there.",
  http_429: "Nothing: it has more than it can take now. If that stays so, let it have more resources.",
  disk_full: "Make room on the disk of the data directory, or keep fewer files (keep): records wait until then.",
  unwritable: "See that this server may write below sinks/ of its data directory.",
  rejected: "See what it says, and its own log: it took the others.",
  format: "This is a mistake of ours: please report it with the record's ids.",
  server: "See this server's log and its store: the reason is on this side.",
};

export function adviceFor({ reason }: Why): string {
  const known = ADVICE[reason];
  if (known !== undefined) return known;
  if (/^(http|item)_5/.test(reason)) return "See the endpoint's own log: the reason is on its side.";
  return "See what the endpoint says, and its own log.";
}
