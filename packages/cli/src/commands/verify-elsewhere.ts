/** Compares a server's days with manifests and a key that were kept elsewhere: whoever holds the server can't have changed those. */
import { type DayNow, type SignedManifest, verifyDays } from "@flowtrail/server";
import { CliError } from "../errors.ts";
import { callServer } from "../local-server.ts";
import type { ChosenServer } from "../servers/choose-server.ts";

interface Told {
  readonly public_key: string | null;
  readonly due?: string;
  readonly now?: readonly DayNow[];
}

export async function verifyElsewhere(
  server: ChosenServer,
  { public_key, due = "", now = [] }: Told,
  { kept, publicKey }: { readonly kept: string | null; readonly publicKey: string | null },
) {
  const path = "/api/compliance/manifests";
  const { manifests } = await callServer<{ manifests: readonly SignedManifest[] }>(server, "GET", path);
  const key = publicKey ?? public_key ?? "";
  const { days, chain } = verifyDays({ manifests, publicKey: key, now, dueDay: due });
  const others = kept === null ? [] : differing(readKept(kept), manifests);
  const wrong = new Map(others.map(({ day, why }) => [day, why]));
  const judged = days.map((one) => {
    const why = wrong.get(one.day);
    return why === undefined ? one : { ...one, state: "altered" as const, why: [why, ...one.why] };
  });
  const all = [...chain, ...others.map(({ day, why }) => `${day}: ${why}`)];
  return {
    days: judged,
    chain: all,
    whole: all.length === 0 && judged.every(({ state }) => !["altered", "missing"].includes(state)),
  };
}

/** What was kept and is not on the server any more as it was. */
function differing(kept: readonly SignedManifest[], manifests: readonly SignedManifest[]) {
  const there = new Set(manifests.map((one) => JSON.stringify(one)));
  return kept
    .filter((one) => !there.has(JSON.stringify(one)))
    .map(({ manifest: { day, seq } }) => ({
      day,
      why: `manifest ${seq} that was kept is not on the server, or is another one there`,
    }));
}

function readKept(text: string): SignedManifest[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, i) => {
      try {
        return JSON.parse(line) as SignedManifest;
      } catch (cause) {
        throw new CliError({ code: "USAGE" }, `--manifests: line ${i + 1} is no manifest`, { cause });
      }
    });
}
