/** What a test needs beyond plain Node. CI sets FLOWTRAIL_REQUIRE_ALL=1 so that nothing is skipped there. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

type Need = "root" | "browser" | "lab" | "conntrack" | "cc" | "systemd" | "certificates";

function onPath(program: string): boolean {
  return (process.env.PATH ?? "")
    .split(delimiter)
    .concat("/usr/sbin", "/sbin")
    .some((dir) => existsSync(join(dir, program)));
}

const checks: Record<Need, () => string | null> = {
  root: () => (process.getuid?.() === 0 ? null : "needs root"),
  browser: () => (existsSync("/usr/bin/chromium") ? null : "needs Debian's chromium (/usr/bin/chromium)"),
  lab: () => {
    if (process.getuid?.() !== 0) return "needs root";
    const missing = ["ip", "wg", "wireguard-go", "nft", "openssl", "dnsmasq", "ping", "socat"].filter((p) => !onPath(p));
    return missing.length ? `needs ${missing.join(", ")}` : null;
  },
  conntrack: () => (onPath("conntrack") ? null : "needs conntrack"),
  cc: () => (onPath("cc") ? null : "needs a C compiler (cc)"),
  systemd: () => (onPath("systemd-analyze") ? null : "needs systemd-analyze"),
  certificates: () => (onPath("openssl") && onPath("faketime") ? null : "needs openssl and faketime"),
};

/** True when everything named is here. Otherwise says loudly what is skipped and why, and in CI fails instead of skipping. */
export function needs(what: string, ...list: Need[]): boolean {
  const reasons = list.map((need) => checks[need]()).filter((reason) => reason !== null);
  if (reasons.length === 0) return true;
  const message = `SKIPPED: ${what}: ${reasons.join("; ")}`;
  if (process.env.FLOWTRAIL_REQUIRE_ALL === "1") throw new Error(message);
  process.stderr.write(`${message}\n`);
  return false;
}
