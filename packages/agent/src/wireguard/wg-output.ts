/** What `wg show all …` prints: tab-separated, one line per interface or peer (wg(8), and show.c of wireguard-tools). Pure and total. */
import type { WireguardPeer } from "./wireguard.ts";

const KEY = /^[A-Za-z0-9+/]{43}=$/;
/** An interface that has no private key has no public one. */
const NONE = "(none)";

/** `wg show all public-key`: interface → its own key. */
export function parsePublicKeys(output: string): Map<string, string> {
  const keys = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [name = "", key = ""] = line.split("\t");
    if (name !== "" && KEY.test(key)) keys.set(name, key);
  }
  return keys;
}

/** `wg show all allowed-ips`: interface → its peers. The ranges of a peer stand in one field, with spaces between. */
export function parseAllowedIps(output: string): Map<string, WireguardPeer[]> {
  const peers = new Map<string, WireguardPeer[]>();
  for (const line of output.split("\n")) {
    const [name = "", publicKey = "", ranges = ""] = line.split("\t");
    if (name === "" || !KEY.test(publicKey)) continue;
    const allowedIps = ranges === NONE || ranges === "" ? [] : ranges.split(" ");
    const known = peers.get(name);
    if (known) known.push({ publicKey, allowedIps });
    else peers.set(name, [{ publicKey, allowedIps }]);
  }
  return peers;
}
