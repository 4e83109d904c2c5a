/** Whether manifests are whole, and days what they say. Pure, so that whoever keeps manifests elsewhere can ask it, too. */
import { judge, type Removal } from "./judge.ts";
import { isSignedBy, manifestHash, type SignedManifest, slicesHash } from "./manifest.ts";
import { DAY_MS, dayMs, dayOf, type Measured } from "./measure.ts";

export const DAY_STATES = ["ok", "amended", "altered", "missing", "not yet"] as const;

export interface DayVerdict {
  readonly day: string;
  readonly state: (typeof DAY_STATES)[number];
  readonly rows: number | null;
  readonly why: readonly string[];
}

/** What a day is now. */
export interface DayNow extends Measured {
  readonly day: string;
  /** Deleted rightly, since the last manifest of the day. */
  readonly removals: readonly Removal[];
}

export interface Verification {
  readonly days: readonly DayVerdict[];
  /** What is wrong with the manifests themselves. */
  readonly chain: readonly string[];
  readonly isWhole: boolean;
}

export interface ToVerify {
  readonly manifests: readonly SignedManifest[];
  /** PEM. */
  readonly publicKey: string;
  /** By day; days that are not in it are not looked at. */
  readonly now: readonly DayNow[];
  /** Days before it must have a manifest. */
  readonly dueDay: string;
}

export function verifyDays({ manifests, publicKey, now, dueDay }: ToVerify): Verification {
  const { chain, bad } = checkChain(manifests, publicKey);
  const days = now.map((one): DayVerdict => {
    const own = manifests.filter(({ manifest }) => manifest.day === one.day);
    const last = own.at(-1)?.manifest;
    const verdict = (state: DayVerdict["state"], why: readonly string[]) => ({
      day: one.day,
      state,
      rows: last?.rows ?? null,
      why,
    });
    if (last === undefined || own[0]?.manifest.kind !== "day") {
      if (last === undefined && one.day >= dueDay) return verdict("not yet", []);
      return verdict("missing", ["there is no manifest of this day"]);
    }
    const broken = own.flatMap(({ manifest }) => bad.get(manifest) ?? []);
    if (broken.length > 0) return verdict("altered", broken);
    const told = own.flatMap(({ manifest }) => manifest.reasons.map((reason) => `${manifest.made.slice(0, 10)}: ${reason}`));
    const { state, reasons } = judge(last.slices, one, one.removals);
    if (state === "altered") return verdict("altered", reasons);
    const why = [...told, ...reasons.map((reason) => `not noted yet: ${reason}`)];
    return verdict(why.length === 0 ? "ok" : "amended", why);
  });
  const isWhole = chain.length === 0 && days.every(({ state }) => state !== "altered" && state !== "missing");
  return { days, chain, isWhole };
}

/** What is wrong, as a whole and by manifest. */
function checkChain(manifests: readonly SignedManifest[], publicKey: string) {
  const chain: string[] = [];
  const bad = new Map<object, string[]>();
  const blame = (manifest: SignedManifest["manifest"], text: string) => {
    bad.set(manifest, [...(bad.get(manifest) ?? []), text]);
    chain.push(`manifest ${manifest.seq} (${manifest.day}): ${text}`);
  };
  let before: SignedManifest["manifest"] | null = null;
  for (const one of manifests) {
    const { manifest } = one;
    const { seq } = manifest;
    if (!isSignedBy(one, publicKey)) blame(manifest, "its signature is not one of this key");
    else if (slicesHash(manifest.slices) !== manifest.hash) blame(manifest, "its hash is not that of what it tells");
    const last: number = before?.seq ?? 0;
    if (seq > last + 1) chain.push(`${seq - last - 1} missing before manifest ${seq} (${manifest.day})`);
    else if (seq !== last + 1) blame(manifest, `there is another one with the number ${seq}`);
    else if ((before === null ? "" : manifestHash(before)) !== manifest.previous)
      blame(manifest, "it does not follow the one before: one of the two is another one than it was");
    before = manifest;
  }
  return { chain, bad };
}

/** All days from one to another, both of them among them. */
export function daysBetween(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = dayMs(first); at <= dayMs(last); at += DAY_MS) days.push(dayOf(at));
  return days;
}
